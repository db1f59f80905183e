using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// What this process does with each signal: ignores it, or hands it to who listens. The runtime has the handlers; it leaves an ignored
/// signal alone, also where somebody registers for it, and takes its own handler for installed wherever it has once installed it. So what
/// was there is kept and put back here.
/// </summary>
internal static class SignalDispositions
{
    private const int Urgent = 23;

    private static readonly RankedLock Gate = new(LockRank.SignalDispositions);

    // What was set before Ignore, for RestoreDefault and for listeners.
    private static readonly Dictionary<int, byte[]> BeforeIgnore = [];

    // How many listen, and what is to be done when the last has ended, if anything.
    private static readonly Dictionary<int, int> Listeners = [];
    private static readonly Dictionary<int, Action> Afterwards = [];

    /// <summary>Refuses what is none, what nobody can catch, and what the runtime lives by.</summary>
    public static void RequireOurs(Signal signal)
    {
        RequireCatchable(signal);
        if (signal.Number is 4 or 5 or 6 or 7 or 8 or 11 or 13 or 32 or 33 || signal == Signal.RealTime(0))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{signal} is the .NET runtime's or the C library's own, and a program cannot have it",
                "Choose another: SIGUSR1, SIGUSR2, SIGRTMIN+1 and behind it are free");
        }
    }

    /// <summary>Refuses what is none, and what the kernel lets nobody catch, ignore or block.</summary>
    public static void RequireCatchable(Signal signal)
    {
        if (signal.Number == 0)
        {
            throw new ArgumentException("0 is no signal.", nameof(signal));
        }

        if (signal.IsUncatchable)
        {
            throw new ArgumentException(
                $"{signal} can be neither caught, nor ignored, nor blocked: the kernel does it to the process.", nameof(signal));
        }
    }

    /// <summary>Has a function called when the signal comes, instead of what it does by itself. Released by disposing the result.</summary>
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
                // The runtime takes it for installed, since it saw it ignored when the program started. It has one handler for all.
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
                "SIGCHLD cannot be ignored: nobody would learn how a child has ended",
                "Leave it: it does nothing by itself");
        }

        using (Gate.Hold())
        {
            if (Listeners.GetValueOrDefault(signal.Number) > 0)
            {
                throw new InvalidOperationException($"Somebody listens to {signal}. End that first.");
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
                // The runtime would ignore it by itself, if it was inherited so.
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
            // Inherited.
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

    // What these do by themselves harms nobody, and the base library looks after its own children and terminal by it.
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
