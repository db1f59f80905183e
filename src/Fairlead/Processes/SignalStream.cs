using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Processes;

/// <summary>
/// Signals as a stream. It listens from its creation on, for the first enumeration; each later enumeration has its own listener.
/// </summary>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The enumeration disposes the listener.")]
internal sealed class SignalStream(Signal[] signals, CancellationToken always) : IAsyncEnumerable<SignalInfo>
{
    private SignalListener? _first = new(signals, always);

    public IAsyncEnumerator<SignalInfo> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        SignalListener listener = Interlocked.Exchange(ref _first, null) ?? new SignalListener(signals, always);
        listener.EndBy(cancellationToken);
        return listener;
    }
}
