using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Hands each message to one of many workers. <see cref="Sender"/>s connect and send, <see cref="Receiver"/>s connect and are the workers:
/// asking for the next message, or <see cref="Message.Accept"/>, accepts one; disposing it unaccepted gives it back.
/// </summary>
/// <remarks>
/// <para>
/// At least once: an item that its worker rejects, or has in hand when it dies, goes to another, marked <see cref="Message.Redelivered"/>
/// if somebody may have read it, before all that came later. A worker gets no more than <see cref="WorkQueueOptions.Prefetch"/> items at
/// once, so a slow one gets less. Senders are served in turn.
/// </para>
/// <para>
/// The receipt of a type 2 message comes from the worker that accepted it. A type 1 message is in the queue's memory when it was
/// acknowledged; it is lost with the queue's process.
/// </para>
/// </remarks>
public sealed partial class WorkQueue : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.WorkQueue,
        Name = "WorkQueue",
        Peers = [PatternKind.Sender, PatternKind.Receiver],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.Duplex
            | TransportCapabilities.Reliable
            | TransportCapabilities.Protocol
            | TransportCapabilities.ManyPeers,
        Policies = [OverflowPolicy.Wait],
    };

    private readonly WorkQueueOptions _options;

    private WorkQueue(WorkQueueOptions options) => _options = options;

    /// <summary>Items that wait or are in workers' hands.</summary>
    public int Count
    {
        get
        {
            using (_gate.Hold())
            {
                return _held;
            }
        }
    }

    /// <summary>Items that workers have accepted.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Times that an item was handed out again.</summary>
    public long Redeliveries => Interlocked.Read(ref _redeliveries);

    /// <summary>Items that were given up.</summary>
    public long GivenUp => Interlocked.Read(ref _givenUp);

    /// <summary>Items that ended because their senders gave up, by a time-out or a token, before a worker accepted them.</summary>
    public long TakenBack => Interlocked.Read(ref _takenBack);

    /// <summary>
    /// Items that no worker has accepted because the queue closed. Senders that wait for a receipt are told; those of type 1 are lost, and
    /// counted in <see cref="CloseReport.NotDelivered"/>.
    /// </summary>
    public long GivenBack => Interlocked.Read(ref _givenBack);

    /// <summary>Binds, for senders and workers that will connect.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static WorkQueue Bind(Address address, WorkQueueOptions? options = null)
    {
        options ??= new WorkQueueOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxItems, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Prefetch, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDeliveries, 1, nameof(options));
        WorkQueue queue = new(options);
        queue.Open(EndpointCore.Bind(address, options, Profile, queue));
        queue._taking = queue.TakeAsync();
        return queue;
    }

    /// <summary>Binds, for senders and workers that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<WorkQueue> BindAsync(
        Address address, WorkQueueOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Completes when the queue holds nothing.</summary>
    public Task DrainAsync(CancellationToken cancellationToken = default)
    {
        using (_gate.Hold())
        {
            if (_held == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Completes when the queue holds nothing and no sender is connected any more, and lets nobody in from then on: a sender that comes
    /// later finds nobody there, and none is caught in between with an item under way. What is left to do is to close it. Senders that come
    /// before that are waited for too.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the queue goes on.</param>
    /// <exception cref="ObjectDisposedException">The queue was closed.</exception>
    public Task FinishAsync(CancellationToken cancellationToken = default)
    {
        Task<bool> finished;
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _waitsForFinish++;
            finished = _finished.Task;
        }

        FinishIfDue();
        return WaitAsync();

        async Task WaitAsync()
        {
            try
            {
                ObjectDisposedException.ThrowIf(!await finished.WaitAsync(cancellationToken).ConfigureAwait(false), this);
            }
            finally
            {
                using (_gate.Hold())
                {
                    _waitsForFinish--;
                }
            }
        }
    }

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        if (link.PeerPattern != PatternKind.Receiver)
        {
            return;
        }

        using (_gate.Hold())
        {
            link.Tag = new Worker(link);
            _workers.Add((Worker)link.Tag);
        }

        Dispatch();

        // The last sender may have gone while it was not known yet that this is none.
        FinishIfDue();
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
        if (link.Tag is Worker worker)
        {
            using (_gate.Hold())
            {
                _workers.Remove(worker);
            }
        }

        FinishIfDue();
    }

    void ILinkOwner.OnNeverUp() => FinishIfDue();

    void ILinkOwner.OnClosing() => GiveBack();

    void ILinkOwner.OnCredit(Link link) => Dispatch();

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a work queue has no topics";

    /// <summary>
    /// False: this worker does not get it. What goes wrong on the way concerns this worker alone, and ends its link where that was begun.
    /// </summary>
    private static bool TrySend(Worker worker, Item item, LinkOperation call, ReadOnlySpan<byte> head)
    {
        try
        {
            return worker.Link.Sending.TrySend(call.Header, head, item.Message.Span, call) == LinkOutcome.Sent;
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained("handing out an item", exception.ToString());
            return false;
        }
    }
}
