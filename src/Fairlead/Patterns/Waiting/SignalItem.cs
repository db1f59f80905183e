using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;
using Fairlead.Processes;

namespace Fairlead.Patterns.Waiting;

/// <summary>A signal in a set. While attached, it has no other effect, also if the process was started with it ignored or
/// blocked.</summary>
/// <remarks>A blocked signal is read from a descriptor in the poll set; the runtime reports any other.</remarks>
internal sealed class SignalItem(WaitCore set, ulong token, PosixSignal signal) : WaitItem(set, token)
{
    private const int AtOnce = 16;

    private readonly object _source = signal;
    private Signal _signal;
    private IDisposable? _caught;
    private Descriptor? _blocked;
    private int _pending;

    public override object? Source => _source;

    public override void Attach(PollSet pollSet)
    {
        try
        {
            _signal = Signal.Of(signal);
            SignalDispositions.RequireOurs(_signal);
            if (!BlockedSignals.TryClaim(_signal, this))
            {
                _caught = SignalDispositions.Catch(_signal, OnSignal);
                return;
            }
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"cannot wait for signal {signal}",
                "Use a signal that a process may handle, so neither SIGKILL nor SIGSTOP.",
                exception);
        }

        try
        {
            _blocked = NativeSignal.Open(NativeSignal.Bit(_signal.Number));
            pollSet.Add(_blocked, Token, PollEvents.Read);
        }
        catch
        {
            Release();
            throw;
        }
    }

    public override Readiness Take(out int count)
    {
        count = Interlocked.Exchange(ref _pending, 0);
        if (_blocked is not null)
        {
            // The kernel keeps what does not fit for the next wait.
            Span<Libc.ReceivedSignal> received = stackalloc Libc.ReceivedSignal[AtOnce];
            count += NativeSignal.Take(_blocked, received);
        }

        return count > 0 ? Readiness.Signalled : Readiness.None;
    }

    protected override void Release()
    {
        _caught?.Dispose();
        if (_blocked is not null)
        {
            Set.Unwatch(_blocked);
            _blocked.Dispose();
        }

        BlockedSignals.Release(_signal, this);
    }

    private void OnSignal()
    {
        Interlocked.Increment(ref _pending);
        Set.List(this);
    }
}
