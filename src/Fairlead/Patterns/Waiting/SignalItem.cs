using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <summary>A signal in a set. The runtime receives it; while attached, the signal has no other effect.</summary>
internal sealed class SignalItem(WaitCore set, ulong token, PosixSignal signal) : WaitItem(set, token)
{
    private readonly object _source = signal;
    private PosixSignalRegistration? _registration;
    private int _pending;

    public override object? Source => _source;

    public override void Attach(PollSet pollSet)
    {
        try
        {
            _registration = PosixSignalRegistration.Create(signal, OnSignal);
        }
        catch (Exception exception) when (exception is PlatformNotSupportedException or IOException)
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

    protected override void Release() => _registration?.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Interlocked.Increment(ref _pending);
        Set.List(this);
    }
}
