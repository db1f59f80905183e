using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Processes;

namespace Fairlead.Patterns.Waiting;

/// <summary>A signal in a set. While attached, it has no other effect, also if the process was started with it ignored or
/// blocked.</summary>
internal sealed class SignalItem(WaitCore set, ulong token, PosixSignal signal) : WaitItem(set, token)
{
    private readonly object _source = signal;
    private IDisposable? _handler;
    private int _pending;

    public override object? Source => _source;

    public override void Attach(PollSet pollSet)
    {
        try
        {
            _handler = Signals.Handle(Signal.Of(signal), OnSignal);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"cannot wait for signal {signal}",
                "Use a signal that a process may handle, so neither SIGKILL nor SIGSTOP.",
                exception);
        }
    }

    public override Readiness Take(out int count)
    {
        count = Interlocked.Exchange(ref _pending, 0);
        return count > 0 ? Readiness.Signalled : Readiness.None;
    }

    protected override void Release() => _handler?.Dispose();

    private void OnSignal(SignalInfo received)
    {
        Interlocked.Add(ref _pending, received.Count);
        Set.List(this);
    }
}
