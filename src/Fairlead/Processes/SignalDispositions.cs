using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>
/// This process's disposition of each signal: it ignores the signal, or hands it to listeners. The runtime installs the handlers. It leaves
/// an ignored signal alone, even when a listener registers for it, and assumes its handler is still installed once it has installed it. So
/// this class saves and restores the previous state.
/// </summary>
internal static class SignalDispositions
{
    private const int Urgent = 23;

    private static readonly RankedLock Gate = new(LockRank.SignalDispositions);

    // The actions before Ignore, for RestoreDefault and for listeners.
    private static readonly Dictionary<int, byte[]> BeforeIgnore = [];

    // The number of listeners of each signal, and an action to run when the last of them has ended.
    private static readonly Dictionary<int, int> Listeners = [];
    private static readonly Dictionary<int, Action> Afterwards = [];

    /// <summary>Rejects 0, signals that no process can catch, and those that the runtime needs.</summary>
    public static void RequireOurs(Signal signal)
    {
        RequireCatchable(signal);
        if (signal.Number is 4 or 5 or 6 or 7 or 8 or 11 or 13 or 32 or 33 || signal == Signal.RealTime(0))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"the .NET runtime or the C library needs {signal} itself",
                "Use another signal: SIGUSR1, SIGUSR2, SIGRTMIN+1 and above are free");
        }
    }

    /// <summary>Rejects 0, and signals that no process can catch, ignore or block.</summary>
    public static void RequireCatchable(Signal signal)
    {
        if (signal.Number == 0)
        {
            throw new ArgumentException("0 is not a signal.", nameof(signal));
        }

        if (signal.IsUncatchable)
        {
            throw new ArgumentException(
                $"{signal} can be neither caught, nor ignored, nor blocked: the kernel always applies it.", nameof(signal));
        }
    }

    /// <summary>Calls a function when the signal arrives, instead of its default effect. Disposing the result ends that.</summary>
    public static IDisposable Catch(Signal signal, Action onSignal)
    {
        int number = signal.Number;
        using (Gate.Hold())
        {
            if (NativeSignal.HandlerOf(number) == Libc.SIG_IGN)
            {
                byte[]? before = BeforeIgnore.GetValueOrDefault(number);
                Afterwards[number] = () => IgnoreAgain(number, before);
                SetUnignored(number);
            }

            PosixSignalRegistration registration = Register(number, onSignal);
            if (!IsHandled(number))
            {
                // The runtime believes its handler is installed, since it saw the signal ignored at program start. It has one handler for
                // all signals.
                using PosixSignalRegistration other = PosixSignalRegistration.Create(
                    (PosixSignal)Urgent, static context => context.Cancel = true);
                NativeSignal.SetAction(number, NativeSignal.ActionOf(Urgent));
            }

            Listeners[number] = Listeners.GetValueOrDefault(number) + 1;
            return new Caught(number, registration);
        }
    }

    public static void Ignore(Signal signal)
    {
        RequireCatchable(signal);
        if (signal != Signal.Pipe)
        {
            RequireOurs(signal);
        }

        if (signal == Signal.Child)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "SIGCHLD cannot be ignored: no program would learn how a child ended",
                "Leave it alone: by default it has no effect");
        }

        using (Gate.Hold())
        {
            if (Listeners.GetValueOrDefault(signal.Number) > 0)
            {
                throw new InvalidOperationException($"A listener in this process has {signal}. End the listener first.");
            }

            if (NativeSignal.HandlerOf(signal.Number) != Libc.SIG_IGN)
            {
                BeforeIgnore[signal.Number] = NativeSignal.ActionOf(signal.Number);
                NativeSignal.SetHandler(signal.Number, Libc.SIG_IGN);
            }
        }
    }

    public static void RestoreDefault(Signal signal)
    {
        RequireOurs(signal);
        using (Gate.Hold())
        {
            int number = signal.Number;
            if (Afterwards.ContainsKey(number))
            {
                // The runtime would ignore it again by itself if that was inherited.
                Afterwards[number] = () => NativeSignal.SetHandler(number, Libc.SIG_DFL);
            }
            else if (NativeSignal.HandlerOf(number) == Libc.SIG_IGN)
            {
                SetUnignored(number);
            }
        }
    }

    private static bool IsHandled(int number) => NativeSignal.HandlerOf(number) is not (Libc.SIG_DFL or Libc.SIG_IGN);

    private static void SetUnignored(int number)
    {
        if (BeforeIgnore.Remove(number, out byte[]? before))
        {
            NativeSignal.SetAction(number, before);
        }
        else
        {
            // The ignored state was inherited.
            NativeSignal.SetHandler(number, Libc.SIG_DFL);
        }
    }

    private static void IgnoreAgain(int number, byte[]? before)
    {
        if (before is not null)
        {
            BeforeIgnore[number] = before;
        }

        NativeSignal.SetHandler(number, Libc.SIG_IGN);
    }

    // The default effect of these signals is harmless, and the base library needs it for its own children and the terminal.
    private static PosixSignalRegistration Register(int number, Action onSignal) =>
        PosixSignalRegistration.Create(
            (PosixSignal)number,
            context =>
            {
                context.Cancel = number != Signal.Child.Number && number != Signal.Continue.Number && number != Signal.WindowChange.Number;
                onSignal();
            });

    private static void Release(int number, PosixSignalRegistration registration)
    {
        using (Gate.Hold())
        {
            registration.Dispose();
            Listeners[number]--;
            if (Listeners[number] == 0 && Afterwards.Remove(number, out Action? afterwards))
            {
                afterwards();
            }
        }
    }

    private sealed class Caught(int number, PosixSignalRegistration registration) : IDisposable
    {
        public void Dispose() => Release(number, registration);
    }
}
