using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Processes;

/// <summary>
/// Signals as a stream. It listens from the beginning, for who enumerates it first; each later enumeration listens for itself.
/// </summary>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Who enumerates disposes of the listener.")]
internal sealed class SignalStream(Signal[] signals, CancellationToken cancellationToken) : IAsyncEnumerable<SignalInfo>
{
    private SignalListener? _first = new(signals, cancellationToken);

    public IAsyncEnumerator<SignalInfo> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        SignalListener listener = Interlocked.Exchange(ref _first, null) ?? new SignalListener(signals, cancellationToken);
        listener.EndBy(cancellationToken);
        return listener;
    }
}
