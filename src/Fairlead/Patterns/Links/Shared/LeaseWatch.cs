using System.Diagnostics;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>Reports a message that was dropped without Dispose and keeps memory that its sender needs.</summary>
/// <remarks>
/// <para>
/// Owns the state of one lease, without a lock: one thread at a time holds the message. A <c>MessageCore</c> creates a watch for
/// its first such lease and keeps it. The garbage collector finds both together: an armed watch is then a lost lease.
/// </para>
/// <para>
/// The finalizer does not release the memory. The user may still hold a span or a <see cref="ReadOnlyMemory{T}"/> of the payload. These do
/// not keep the message alive, and the sender would overwrite the memory.
/// </para>
/// </remarks>
internal sealed class LeaseWatch
{
    /// <summary>The switch of <see cref="AppContext"/> that records the place where each lease was taken.</summary>
    public const string Switch = "Fairlead.TrackLeases";

    private PeerLink? _link;
    private string? _where;

    ~LeaseWatch()
    {
        if (_link is { } link)
        {
            string where = _where ?? $"The switch {Switch} of AppContext shows where it was taken.";
            Finishing.Do(
                "a lost lease",
                () => FairleadEventSource.Log.LeaseLost(link.Endpoint.Address.Display, link.Peer.ToString(), where));
        }
    }

    /// <summary>Whether to record the place where each lease is taken.</summary>
    public static bool IsTracking { get; set; } = AppContext.TryGetSwitch(Switch, out bool isOn) && isOn;

    /// <summary>Records that a message of this link is leased.</summary>
    public void Arm(PeerLink link) => _link = link;

    /// <summary>Records the stack trace. On the thread that returns the message to the user.</summary>
    public void NoteTaken()
    {
        if (IsTracking && _link is not null)
        {
            _where = new StackTrace(2, fNeedFileInfo: true).ToString();
        }
    }

    /// <summary>Records that the message was released.</summary>
    public void Disarm()
    {
        _link = null;
        _where = null;
    }
}
