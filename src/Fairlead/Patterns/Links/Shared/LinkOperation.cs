using System.Buffers;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>The outcome of a send or a call.</summary>
internal enum LinkOutcome : byte
{
    /// <summary>The message is buffered, behind all earlier ones.</summary>
    Sent,

    /// <summary>The answer has arrived: a receipt, a reply, or an error.</summary>
    Answered,

    /// <summary>The credit is used up, or other messages already wait.</summary>
    Full,

    /// <summary>The link is down.</summary>
    PeerGone,

    /// <summary>The timeout has passed.</summary>
    TimedOut,

    /// <summary>The queue was full, and the policy dropped the message.</summary>
    Dropped,
}

/// <summary>The result of an operation on a link.</summary>
internal struct LinkResult
{
    public LinkOutcome Outcome;

    /// <summary>The link of the operation; null if there was none.</summary>
    public PeerLink? PeerLink;

    /// <summary>Whether the message had left this process when the operation ended.</summary>
    public bool WasSent;

    /// <summary>Whether the message had been handed to the peer's user.</summary>
    public bool WasRead;

    /// <summary>The receipt, reply or error; the caller releases it.</summary>
    public Incoming Answer;
}

/// <summary>A message in progress: waiting for credit, being written from its sender's memory, or waiting for its answer.</summary>
internal sealed partial class LinkOperation : Operation<LinkResult>
{
    private static readonly ObjectPool<LinkOperation> Pool = new(4096);

    private static readonly TimeSpan LongestRecall = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestRecalled = TimeSpan.FromMilliseconds(10);

    // A caller that awaits one call after the other returns an operation and rents the next, mostly on the same thread.
    [ThreadStatic]
    private static LinkOperation? _spare;

    private byte[]? _head;
    private byte[]? _copy;

    public enum Stage : byte
    {
        /// <summary>In the link's queue, waiting for credit.</summary>
        Queued,

        /// <summary>The payload is being written from its original memory.</summary>
        Writing,

        /// <summary>Written or buffered, and waiting for an answer.</summary>
        AwaitingAnswer,

        /// <summary>Its link takes it no more; the endpoint is about to move it to another.</summary>
        Requeueing,

        Ended,
    }

    /// <summary>Its link. Null while it waits in the endpoint's queue for the first link to take it over.</summary>
    public PeerLink? PeerLink { get; set; }

    /// <summary>The endpoint of this use.</summary>
    public EndpointContext Endpoint { get; private set; } = null!;

    /// <summary>The task that the pattern gives out for this operation. Kept for later uses.</summary>
    public IOperationFront? Front { get; set; }

    public MessageHeader Header;

    public Stage At { get; set; }

    /// <summary>The number among the data messages of its link, counted from 1; compared with acknowledgements.</summary>
    public uint Number { get; set; }

    /// <summary>Whether no caller waits for the outcome: the message was queued under a dropping policy.</summary>
    public bool HasNoCaller { get; private set; }

    /// <summary>The number of messages dropped directly before it.</summary>
    public long Missed { get; set; }

    /// <summary>The topic by which a later message replaces it; null if none may.</summary>
    public string? Topic { get; private set; }

    /// <summary>The length of head and payload in bytes.</summary>
    public int Length => Header.HeadLength + PayloadLength;

    /// <summary>Whether it moves to another link when its own is lost before it was sent.</summary>
    /// <remarks>A request that may be repeated also moves if it was sent but not answered.</remarks>
    public bool IsMovable { get; set; }

    /// <summary>Whether it was sent on a link that was lost, and that link's peer may have read it.</summary>
    public bool MayHaveBeenRead { get; set; }

    /// <summary>When its caller gives up.</summary>
    public Deadline Deadline { get; set; }

    /// <summary>An open file to send with it; owned by this operation until it is taken.</summary>
    public Descriptor? Handle { get; set; }

    /// <summary>Takes the file, which then belongs to the caller.</summary>
    public Descriptor? TakeHandle()
    {
        Descriptor? handle = Handle;
        Handle = null;
        return handle;
    }

    /// <inheritdoc/>
    public override bool WantsAnswer =>
        Header.Kind is MessageKind.Deliver or MessageKind.Request or MessageKind.Subscribe or MessageKind.Unsubscribe;

    /// <inheritdoc/>
    public override bool IsAnsweredInside => WantsAnswer && PeerLink?.Inner is not null;

    public ReadOnlySpan<byte> Head => _head.AsSpan(0, Header.HeadLength);

    /// <summary>The payload in one piece; joins parts if necessary.</summary>
    public ReadOnlyMemory<byte> Payload
    {
        get
        {
            Join();
            return field;
        }
        private set;
    }

    public static LinkOperation Rent(EndpointContext endpoint, bool isBlocking, MessageHeader header, ReadOnlySpan<byte> head)
    {
        LinkOperation operation = _spare ?? Pool.TryRent() ?? new LinkOperation();
        _spare = null;
        operation.Endpoint = endpoint;
        operation.Header = header;
        operation.Header.HeadLength = checked((ushort)head.Length);
        operation.At = Stage.Queued;
        if (head.Length > 0)
        {
            operation._head = ArrayPool<byte>.Shared.Rent(head.Length);
            head.CopyTo(operation._head);
        }

        operation.Begin(isBlocking, endpoint.Pump);
        return operation;
    }

    /// <summary>Puts the operation immediately into the state of one that was rented, sent, and waits for its answer.</summary>
    /// <remarks>
    /// Only for an operation that was rented for a blocking caller and has not been completed since. Any number of times.
    /// </remarks>
    public void Resume(PeerLink link, in MessageHeader header, ReadOnlySpan<byte> head, uint number, Deadline deadline)
    {
        Header = header;
        if (!head.IsEmpty)
        {
            if (_head is null || _head.Length < head.Length)
            {
                _head = ArrayPool<byte>.Shared.Rent(head.Length);
            }

            head.CopyTo(_head);
        }

        At = Stage.AwaitingAnswer;
        Number = number;
        IsMovable = true;
        Deadline = deadline;
        PeerLink = link;
    }

    /// <summary>Creates a copy of a pending message for which no caller waits.</summary>
    public static LinkOperation CopyOf(EndpointContext endpoint, in OutgoingMessage message, bool replaces)
    {
        LinkOperation operation = Rent(endpoint, isBlocking: false, message.Header, message.Head);
        operation.HasNoCaller = true;
        operation.IsMovable = message.IsMovable;
        operation.Topic = replaces ? message.Topic : null;
        operation.Copy(message.Payload);
        return operation;
    }

    /// <summary>Replaces this message by a later one.</summary>
    public void Replace(in OutgoingMessage message)
    {
        FreeMemory();
        Header.HeadLength = checked((ushort)message.Head.Length);
        _head = ArrayPool<byte>.Shared.Rent(message.Head.Length);
        message.Head.CopyTo(_head);
        Copy(message.Payload);
    }

    /// <inheritdoc/>
    public override void Signal(bool inline)
    {
        if (HasNoCaller)
        {
            EndAsyncWait();
            Recycle();
            return;
        }

        base.Signal(inline);
    }

    /// <summary>Copies the payload; the caller's memory is free immediately.</summary>
    public void Copy(in OutgoingPayload payload)
    {
        _copy = ArrayPool<byte>.Shared.Rent(payload.Length);
        payload.CopyTo(_copy);
        Payload = _copy.AsMemory(0, payload.Length);
    }

    /// <summary>Completes the operation with the answer, whose lease belongs to it then.</summary>
    /// <returns>False if it has ended already.</returns>
    public bool TryAnswer(PeerLink link, ref Incoming answer, bool wasRead)
    {
        if (!TryClaim())
        {
            return false;
        }

        // In place: the result is large, and each copy waits for the stores before it.
        ref LinkResult result = ref ClaimedResult;
        result.Outcome = LinkOutcome.Answered;
        result.PeerLink = link;
        result.WasSent = true;
        result.WasRead = wasRead;
        result.Answer = answer;
        answer.Lease = null;
        return true;
    }

    /// <summary>Returns a result without an answer. An earlier send on a lost link counts as sent.</summary>
    public LinkResult Unanswered(LinkOutcome outcome, PeerLink? link = null, bool wasSent = false, bool wasRead = false) =>
        new() { Outcome = outcome, PeerLink = link, WasSent = wasSent || MayHaveBeenRead, WasRead = wasRead || MayHaveBeenRead };

    /// <summary>Ends the operation on this link without an answer. The completions signal its waiter. Under the link's send lock.</summary>
    public void Finish(LinkOutcome outcome, PeerLink link, Completions completions)
    {
        At = Stage.Ended;
        if (TryComplete(Unanswered(outcome, link, wasSent: outcome == LinkOutcome.Sent)))
        {
            completions.Add(this);
        }
    }

    /// <summary>Ends the operation because it has no link and none will come.</summary>
    public void EndUnsent()
    {
        if (TryComplete(Unanswered(LinkOutcome.PeerGone)))
        {
            Signal(inline: false);
        }
    }

    /// <summary>Makes the operation wait for a link again. The deadline that its receiver learns counts from its sending.</summary>
    public void Rest()
    {
        PeerLink = null;
        At = Stage.Queued;
        if (MayHaveBeenRead)
        {
            Header.Flags |= MessageFlags.Redelivered;
        }
    }

    /// <summary>Writes the remaining time into the head.</summary>
    public void RefreshDeadline()
    {
        if (_head is not null && !Deadline.IsInfinite)
        {
            HeadWriter.Replace(_head.AsSpan(0, Header.HeadLength), HeadField.Deadline, (ulong)Deadline.Remaining.TotalMicroseconds);
        }
    }

    /// <summary>Returns how long before its timeout to recall a message whose sender waits for a receipt.</summary>
    /// <remarks>The sender then learns the outcome in time.</remarks>
    public static TimeSpan RecallBefore(MessageKind kind, TimeSpan timeout) =>
        kind != MessageKind.Deliver || timeout < ShortestRecalled ? TimeSpan.Zero
        : timeout < 10 * LongestRecall ? timeout / 10
        : LongestRecall;

    /// <inheritdoc/>
    public override TimeSpan RecallBefore(TimeSpan timeout) => RecallBefore(Header.Kind, timeout);

    /// <inheritdoc/>
    public override void Recall() => PeerLink?.Recall(Header.Id, this);

    public override void Withdraw(Exception? error)
    {
        // Meanwhile a link may take it over, or it may move from one link to another.
        while (!IsClaimed)
        {
            if (PeerLink is { } link ? link.Withdraw(this, error) : Endpoint.TryWithdraw(this, error))
            {
                return;
            }
        }
    }

    protected override void ReturnToPool()
    {
        FreeMemory();
        TakeHandle()?.Dispose();
        HasNoCaller = IsMovable = MayHaveBeenRead = false;
        Deadline = default;
        Missed = 0;
        Topic = null;
        PeerLink = null;
        Endpoint = null!;
        Front?.Renew();
        if (_spare is null)
        {
            _spare = this;
        }
        else
        {
            Pool.Return(this);
        }
    }

    private void FreeMemory()
    {
        if (_head is not null)
        {
            ArrayPool<byte>.Shared.Return(_head);
            _head = null;
        }

        if (_copy is not null)
        {
            ArrayPool<byte>.Shared.Return(_copy);
            _copy = null;
        }

        ForgetParts();
        Payload = default;
    }
}
