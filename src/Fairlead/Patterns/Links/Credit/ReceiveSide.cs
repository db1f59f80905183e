using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>The receiving side of a link as all its parts share it: the unread messages, and whether they come in a stream.</summary>
/// <remarks>
/// Owns the queue of unread messages (<see cref="ReceiveQueue"/> says which lock guards what), and the number of messages taken in a row,
/// which any thread that sends ends: losing one message of that count does not matter.
/// </remarks>
/// <param name="link">The link.</param>
internal sealed class ReceiveSide(PeerLink link)
{
    private const int AcksPerWindow = 4;
    private const int TellsPerWindow = 16;

    private readonly HandleWindow _handles = link.HandleWindow;

    private ReceiveQueue _inbound = new(
        // A publisher polls for acknowledgements, which costs almost nothing, and meanwhile has others that wait for it.
        new ReceiveWindow(
            link.Endpoint.Settings.Messages,
            link.Endpoint.Settings.Capacity,
            link.Memory?.Broadcasts is not null ? TellsPerWindow : AcksPerWindow)
        {
            HeldBack = link.Endpoint.Settings.HoldsBack ? new HeldBack() : null,
        });

    private int _takenInRow;

    /// <summary>The queue of messages for the user. Under the endpoint's gate.</summary>
    public ref ReceiveQueue ReceiveQueue => ref _inbound;

    /// <summary>The messages taken in a row, with nothing sent between. Under the endpoint's gate while no thread pumps.</summary>
    public ref int TakenInRow => ref _takenInRow;

    /// <summary>Ends the stream because something is sent: the peer may wait for it, and a delay would hold up both sides.</summary>
    /// <remarks>Any thread.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndStream()
    {
        // Do not store an unchanged value: stores behind a message wait until the ring's cache line can be written.
        if (_takenInRow != 0)
        {
            _takenInRow = 0;
        }
    }

    /// <summary>Notes that the current consumption is about to be sent. Any thread.</summary>
    public void NoteAcknowledged()
    {
        _inbound.Window.NoteAcknowledged();
        _handles.NoteAcknowledged();
    }
}
