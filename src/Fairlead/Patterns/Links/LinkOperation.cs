using System.Buffers;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>What became of a send or a call.</summary>
internal enum LinkOutcome : byte
{
    /// <summary>The message is buffered: in order behind all before it.</summary>
    Sent,

    /// <summary>The answer is in: a receipt, a reply, or an error.</summary>
    Answered,

    /// <summary>No credit, or others wait already.</summary>
    Full,

    /// <summary>The link is down.</summary>
    PeerGone,

    /// <summary>The time has passed.</summary>
    TimedOut,

    /// <summary>The queue was full, and the policy dropped it.</summary>
    Dropped,
}

/// <summary>The end of an operation on a link.</summary>
internal struct LinkResult
{
    public LinkOutcome Outcome;

    /// <summary>The link that it was on; null when there was none.</summary>
    public Link? Link;

    /// <summary>Whether the message had left this process's hands when it ended.</summary>
    public bool WasSent;

    /// <summary>Whether the peer's user had been handed the message.</summary>
    public bool WasRead;

    /// <summary>The receipt, reply or error; its taker releases it.</summary>
    public Incoming Answer;
}

/// <summary>A message on its way: waiting for credit, being written out of its sender's memory, or waiting for its answer.</summary>
internal sealed partial class LinkOperation : Operation<LinkResult>
{
    private static readonly ObjectPool<LinkOperation> Pool = new(4096);

    private static readonly TimeSpan LongestRecall = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestRecalled = TimeSpan.FromMilliseconds(10);

    private byte[]? _head;
    private byte[]? _copy;

    public enum Stage : byte
    {
        /// <summary>In the link's queue for credit.</summary>
        Queued,

        /// <summary>Its payload is being written from where it lies.</summary>
        Writing,

        /// <summary>Written or buffered; an answer is awaited.</summary>
        AwaitingAnswer,

        /// <summary>Its link takes it no more; the endpoint is about to put it on another.</summary>
        Moving,

        Ended,
    }

    /// <summary>
    /// Null while the endpoint has no peer: then the operation waits in the endpoint's queue, and the first link to come adopts it.
    /// </summary>
    public Link? Link { get; set; }

    private EndpointCore Endpoint { get; set; } = null!;

    public MessageHeader Header;

    public Stage At { get; set; }

    /// <summary>Which data message of its link it is, counted from 1; compared with acknowledgements.</summary>
    public uint Number { get; set; }

    /// <summary>Whether nobody waits for what becomes of it: it was left in a queue under a policy that drops.</summary>
    public bool IsLeft { get; private set; }

    /// <summary>Messages that were dropped right before it.</summary>
    public long Missed { get; set; }

    /// <summary>The topic by which a later message takes its place; null where none does.</summary>
    public string? Topic { get; private set; }

    /// <summary>Bytes of head and payload.</summary>
    public int Length => Header.HeadLength + PayloadLength;

    /// <summary>
    /// Whether it moves to another link when its own is lost before it was sent, or, where it is a request that may be repeated, before it
    /// was answered.
    /// </summary>
    public bool IsMovable { get; set; }

    /// <summary>Whether it was sent on a link that was lost, and its peer may have read it.</summary>
    public bool MayHaveBeenRead { get; set; }

    /// <summary>When its caller gives up.</summary>
    public Deadline Deadline { get; set; }

    /// <summary>An open file that goes with it; its own until it is taken.</summary>
    public Descriptor? Handle { get; set; }

    /// <summary>The file, which is the caller's from now on.</summary>
    public Descriptor? TakeHandle()
    {
        Descriptor? handle = Handle;
        Handle = null;
        return handle;
    }

    public bool WantsAnswer =>
        Header.Kind is MessageKind.Deliver or MessageKind.Request or MessageKind.Subscribe or MessageKind.Unsubscribe;

    public ReadOnlySpan<byte> Head => _head.AsSpan(0, Header.HeadLength);

    /// <summary>In one piece, whatever it was borrowed as.</summary>
    public ReadOnlyMemory<byte> Payload
    {
        get
        {
            Join();
            return field;
        }
        private set;
    }

    public static LinkOperation Rent(EndpointCore endpoint, bool isBlocking, MessageHeader header, ReadOnlySpan<byte> head)
    {
        LinkOperation operation = Pool.TryRent() ?? new LinkOperation();
        operation.Endpoint = endpoint;
        operation.Header = header;
        operation.Header.HeadLength = checked((ushort)head.Length);
        operation.At = Stage.Queued;
        if (head.Length > 0)
        {
            operation._head = ArrayPool<byte>.Shared.Rent(head.Length);
            head.CopyTo(operation._head);
        }

        operation.Begin(isBlocking, endpoint);
        return operation;
    }

    /// <summary>
    /// Is at once where another would be that was rented, sent, and now waits for its answer. Only for one that was rented for a blocking
    /// caller and has not been completed since: it may be used any number of times.
    /// </summary>
    public void Resume(Link link, in MessageHeader header, ReadOnlySpan<byte> head, uint number, Deadline deadline)
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
        Link = link;
    }

    /// <summary>A copy of a message for which nobody waits.</summary>
    public static LinkOperation Leave(EndpointCore endpoint, in Letter letter, bool replaces)
    {
        LinkOperation operation = Rent(endpoint, isBlocking: false, letter.Header, letter.Head);
        operation.IsLeft = true;
        operation.IsMovable = letter.IsMovable;
        operation.Topic = replaces ? letter.Topic : null;
        operation.Copy(letter.Payload);
        return operation;
    }

    /// <summary>A later message takes the place of this one.</summary>
    public void Replace(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        FreeMemory();
        Header.HeadLength = checked((ushort)head.Length);
        _head = ArrayPool<byte>.Shared.Rent(head.Length);
        head.CopyTo(_head);
        Copy(payload);
    }

    /// <inheritdoc/>
    public override void Signal(bool inline)
    {
        if (IsLeft)
        {
            EndAsyncWait();
            Recycle();
            return;
        }

        base.Signal(inline);
    }

    /// <summary>The payload stays where it is until the operation has ended.</summary>
    public void Borrow(ReadOnlyMemory<byte> payload) => Payload = payload;

    /// <summary>The payload is copied: the caller's memory is free at once.</summary>
    public void Copy(ReadOnlySpan<byte> payload)
    {
        _copy = ArrayPool<byte>.Shared.Rent(payload.Length);
        payload.CopyTo(_copy);
        Payload = _copy.AsMemory(0, payload.Length);
    }

    /// <summary>How it ends without an answer: what was sent on a link that it has left counts too.</summary>
    public LinkResult Unanswered(LinkOutcome outcome, Link? link = null, bool wasSent = false, bool wasRead = false) =>
        new() { Outcome = outcome, Link = link, WasSent = wasSent || MayHaveBeenRead, WasRead = wasRead || MayHaveBeenRead };

    /// <summary>
    /// It ends so on this link, without an answer; who waits for it is told by the completions. Under the link's send lock.
    /// </summary>
    public void Finish(LinkOutcome outcome, Link link, Completions completions)
    {
        At = Stage.Ended;
        if (TryComplete(Unanswered(outcome, link, wasSent: outcome == LinkOutcome.Sent)))
        {
            completions.Add(this);
        }
    }

    /// <summary>There is no link, and none will come.</summary>
    public void EndUnsent()
    {
        if (TryComplete(Unanswered(LinkOutcome.PeerGone)))
        {
            Signal(inline: false);
        }
    }

    /// <summary>It waits for a link again. What its receiver is told of its deadline counts from its sending.</summary>
    public void Rest()
    {
        Link = null;
        At = Stage.Queued;
        if (MayHaveBeenRead)
        {
            Header.Flags |= MessageFlags.Redelivered;
        }
    }

    /// <summary>Its time left, as it stands now, into its head.</summary>
    public void RefreshDeadline()
    {
        if (_head is not null && !Deadline.IsInfinite)
        {
            HeadWriter.Replace(_head.AsSpan(0, Header.HeadLength), HeadField.Deadline, (ulong)Deadline.Remaining.TotalMicroseconds);
        }
    }

    /// <summary>
    /// How long before the end of its time a message whose sender waits for a receipt is asked back, so that he hears what became of it in
    /// time.
    /// </summary>
    public static TimeSpan RecallBefore(MessageKind kind, TimeSpan timeout) =>
        kind != MessageKind.Deliver || timeout < ShortestRecalled ? TimeSpan.Zero
        : timeout < 10 * LongestRecall ? timeout / 10
        : LongestRecall;

    /// <inheritdoc/>
    public override TimeSpan RecallBefore(TimeSpan timeout) => RecallBefore(Header.Kind, timeout);

    /// <inheritdoc/>
    public override void Recall() => Link?.Calls.Recall(Header.Id, this);

    public override void Withdraw(Exception? error)
    {
        // It may be adopted, or go from one link to another, meanwhile.
        while (!IsClaimed)
        {
            if (Link is { } link ? link.Sending.Withdraw(this, error) : Endpoint.Placement.TryWithdraw(this, error))
            {
                return;
            }
        }
    }

    protected override void GiveBack()
    {
        FreeMemory();
        TakeHandle()?.Dispose();
        IsLeft = IsMovable = MayHaveBeenRead = false;
        Deadline = default;
        Missed = 0;
        Topic = null;
        Link = null;
        Endpoint = null!;
        Pool.Return(this);
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
