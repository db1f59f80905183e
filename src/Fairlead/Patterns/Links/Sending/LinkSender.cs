using System.Buffers;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Sending;

/// <summary>Sends the user's messages on a link, and queues those without credit. Pattern → buffer → commit → wake.</summary>
/// <remarks>
/// Owns the send lock. Under it, owns the window granted by the peer, the queue of waiting messages, the operations that leave for another
/// link, and the unreported drops. Any thread may send. The patterns call it, and so does the endpoint (<see cref="TryTakeOver"/>). The
/// pump calls it when credit or capacity has come (<see cref="OnAck"/>, <see cref="GoOn"/>). It completes operations through the
/// completions passed in.
/// </remarks>
internal sealed partial class LinkSender : SendSide
{
    /// <summary>The least number of bytes that the error calls undisposed: a peer that disposes everything keeps fewer.</summary>
    private const int LeastKept = 64 * 1024;

    private const int MissedBytes = MissedMessages.HeadBytes;

    /// <summary>How many parts the calls in progress are published in, at least.</summary>
    private const int PartsOfCalls = 4;

    /// <summary>A blocking sender's attempts without progress before it sleeps, about 50 µs.</summary>
    private const int PushAttempts = 100;

    private readonly PeerLink _link;
    private readonly ISenderOwner _owner;
    private readonly LinkOutput _output;
    private readonly SendLimits _limits;
    private readonly ReceiveSide _receiver;
    private readonly PendingCalls _calls;
    private readonly EndpointContext _endpoint;
    private readonly Connection _connection;
    private readonly MemoryOutput? _memoryOutput;
    private readonly EndpointCounters _counters;
    private readonly bool _countsAlone;
    private int _looks;
    private EventPacer? _slowPacer;
    private StoppedPeerWatch? _stoppedPeer;

    /// <param name="link">The link.</param>
    /// <param name="owner">Learns when the last word may be due, and of operations that leave.</param>
    /// <param name="outputOwner">Learns what became of the output.</param>
    /// <param name="receiver">The receiving side, which every message acknowledges.</param>
    /// <param name="calls">The calls that wait for an answer.</param>
    public LinkSender(PeerLink link, ISenderOwner owner, IOutputOwner outputOwner, ReceiveSide receiver, PendingCalls calls)
        : base(link)
    {
        _link = link;
        _owner = owner;
        _receiver = receiver;
        _calls = calls;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _memoryOutput = link.Memory?.Output;
        _counters = _endpoint.Counters;
        _countsAlone = _endpoint.MostPeers == 1;
        _output = new LinkOutput(link, outputOwner, this, receiver, calls);
        _limits = new SendLimits(link, this, _output);
    }

    /// <summary>Writes to the connection.</summary>
    public LinkOutput Output => _output;

    /// <summary>Decides whether a message may go now.</summary>
    public SendLimits Limits => _limits;

    /// <summary>The number of data messages buffered, and how many of them were handed to the peer's user.</summary>
    public (long Sent, long Acknowledged) SendCounts
    {
        get
        {
            using (Hold())
            {
                if (HasSlot)
                {
                    BroadcastTally tally = BroadcastSlot!.Tally();
                    return (tally.Sent, tally.Sent - tally.Outstanding);
                }

                // The peer of a raw link does not acknowledge, so what the kernel took counts.
                return (Window.Sent, Window.Read);
            }
        }
    }

    /// <summary>Returns why a sender without credit waits, for an error text.</summary>
    public string WhyItWaits()
    {
        if (_endpoint.Hindrance is { } hindrance)
        {
            return hindrance;
        }

        using (Hold())
        {
            // The peer has read the part of its memory that does not wait to be read. An estimate: it releases copied parts a little later.
            long unread = Math.Max(0, Window.OutstandingBytes - _connection.Unflushed);
            long taken = _link.Memory?.Output.Taken ?? 0;
            long kept = taken - unread;
            return kept >= LeastKept && kept >= taken / 2
                ? $"the peer has read {kept / 1024} KiB of messages and not disposed them"
                : "the peer did not read, and gave no credit";
        }
    }

    /// <summary>The longest message that the peer accepts, head and payload together.</summary>
    public long LongestToPeer => Window.Longest;

    /// <summary>Returns whether the peer accepts a message with this length of head and payload together.</summary>
    public bool Takes(long length) => Window.Takes(length);

    /// <summary>Refuses a message that the framing cannot carry or the peer does not accept.</summary>
    /// <remarks>Fairlead's framing carries everything; other framings check the content, in one piece.</remarks>
    public void Check(in OutgoingPayload payload, int headLength = 0)
    {
        if (payload.Length > _link.LongestPayload || !Takes((long)headLength + payload.Length))
        {
            throw LinkErrors.TooLarge(_link, payload.Length, headLength, LongestToPeer);
        }

        if (!payload.IsGathered)
        {
            _connection.Check(payload.Span);
        }
        else if (_link.IsRaw)
        {
            using Joined whole = new(payload.Parts);
            _connection.Check(whole.Span);
        }
    }

    /// <summary>Returns true on every 128th message while more than half of the window is used: read acknowledgements.</summary>
    /// <remarks>They have probably arrived, and reading them in time avoids a sleep.</remarks>
    public bool ShouldLookForAcks() => !_link.IsRaw && Window.IsHalfUsed && IsTimeToLook();

    /// <summary>Returns the same if more than half of the window is known to be used.</summary>
    public bool IsTimeToLook() => (++_looks & 127) == 0;

    /// <summary>Whether the window has capacity for another message. A hint, read without the lock.</summary>
    public bool HasRoomNow => Queue.Count == 0 && Window.HasRoomNow;

    /// <summary>The number of messages that wait for credit. A hint.</summary>
    public int Waiting => Queue.Count;

    /// <summary>Returns whether a short message could be sent immediately.</summary>
    public bool HasRoom()
    {
        bool hasRoom;
        bool needsPump = false;
        using (Hold())
        {
            hasRoom = _limits.Check(1) == LinkOutcome.Sent;
            if (!hasRoom && _output.IsDeferred)
            {
                needsPump = _output.FlushNow();
                hasRoom = _limits.Check(1) == LinkOutcome.Sent;
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return hasRoom;
    }

    /// <summary>Returns whether a message of this length could be sent immediately.</summary>
    public bool HasRoom(int length)
    {
        using (Hold())
        {
            return _limits.Check(length) != LinkOutcome.Full;
        }
    }

    /// <summary>Refuses a file that the peer did not ask for.</summary>
    public void CheckHandles()
    {
        if (_link.State != LinkState.Handshaking && _link.HandleWindow.ToPeer == 0)
        {
            throw LinkErrors.NoHandles(_link);
        }
    }

    /// <summary>Stops reporting slow and stopped peers, because the link is over.</summary>
    public void StopPacing()
    {
        _slowPacer?.Dispose();
        _stoppedPeer?.Dispose();
    }

    /// <summary>Notes that a message has to wait for this peer. Under the send lock.</summary>
    /// <param name="isSlow">Whether its sender waits, too.</param>
    private void NoteWaiting(bool isSlow)
    {
        if (_link.State != LinkState.Up)
        {
            return;
        }

        if (_link.Peer.ProcessId is { } process && process != NativeProcess.Id)
        {
            _stoppedPeer ??= new StoppedPeerWatch(
                process, _endpoint.Settings.Time, () => Window.Read, () => !HasRoomNow, _owner.OnPeerStopped);
            _stoppedPeer.Begin();
        }

        if (isSlow && FairleadEventSource.Log.IsEnabled())
        {
            _slowPacer ??= new EventPacer(_endpoint.Settings.Time, () =>
            {
                // A hint, read without the lock: by now there may be no waiting messages.
                if (Queue.Count is var waiting and > 0)
                {
                    FairleadEventSource.Log.Slow(_endpoint.Address.Display, _link.Peer.ToString(), waiting);
                }
            });
            _slowPacer.Note();
        }
    }
}
