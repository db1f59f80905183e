using Fairlead.Framing;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Patterns.Stores;
using Fairlead.Patterns.Working;

namespace Fairlead;

/// <summary>Hands each message to one of many workers, and to another if that one fails.</summary>
/// <remarks>
/// <para>
/// <see cref="Sender"/>s connect and send. <see cref="Receiver"/>s connect and are the workers. A worker accepts an item when it asks for
/// the next one or calls <see cref="Message.Accept"/>. Disposing an unaccepted item returns it.
/// </para>
/// <para>
/// Delivery is at least once. If a worker rejects an item, or dies with it, the item goes to another worker before all later items. It is
/// marked <see cref="Message.Redelivered"/> if a worker may have read it. A worker has at most <see cref="WorkQueueOptions.Prefetch"/>
/// items at one time: a slow worker gets fewer. Senders are served in turn.
/// </para>
/// <para>
/// The worker that accepts a type 2 message sends its receipt. A type 1 message is in the queue's memory once it is acknowledged, and is
/// lost if the queue's process dies, unless the queue has a <see cref="WorkQueueOptions.Store"/>: then it is on the disk.
/// </para>
/// </remarks>
public sealed partial class WorkQueue : MessagingEndpoint, ILinkOwner, IAlarmed
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
    private readonly WorkStore? _store;
    private WorkControl? _control;

    private WorkQueue(WorkQueueOptions options, WorkStore? store)
    {
        (_options, _store) = (options, store);
        _items = new WorkItems(options, this);
    }

    /// <summary>The number of items that wait or are at workers.</summary>
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

    /// <summary>The number of items that workers have accepted.</summary>
    public long Accepted => _counters[WorkCount.Accepted];

    /// <summary>How often an item was handed out again.</summary>
    public long Redeliveries => _items.Redeliveries;

    /// <summary>How often an item was handed to another worker because one had it too long.</summary>
    public long TakenOver => _items.TakenOver;

    /// <summary>How often a worker accepted an item after it was taken over, whether that counted or not.</summary>
    public long LateAcceptances => Interlocked.Read(ref _lateAcceptances);

    /// <summary>The number of items that were given up.</summary>
    public long GivenUp => _counters[WorkCount.GivenUp];

    /// <summary>The number of items whose senders gave up, by a timeout or token, before a worker accepted them.</summary>
    public long TakenBack => _counters[WorkCount.TakenBack];

    /// <summary>The number of items that no worker had accepted when the queue closed.</summary>
    /// <remarks>
    /// Senders that wait for a receipt are told. Items of type 1 are lost, and counted in <see cref="CloseReport.NotDelivered"/>.
    /// </remarks>
    public long GivenBack => _counters[WorkCount.GivenBack];

    /// <summary>What became of the items. <see cref="MessagingEndpoint.Statistics"/> counts messages.</summary>
    public WorkQueueStatistics ItemStatistics
    {
        get
        {
            using (_gate.Hold())
            {
                return new()
                {
                    Taken = _taken,
                    Recovered = _counters[WorkCount.Recovered],
                    TriedAgain = _counters[WorkCount.TriedAgain],
                    Held = _held,
                    Accepted = _counters[WorkCount.Accepted],
                    GivenUp = _counters[WorkCount.GivenUp],
                    Dropped = _counters[WorkCount.Dropped],
                    TakenBack = _counters[WorkCount.TakenBack],
                    GivenBack = _counters[WorkCount.GivenBack],
                    Refused = _counters[WorkCount.Refused],
                    LeftInStore = _counters[WorkCount.LeftInStore],
                };
            }
        }
    }

    /// <summary>Binds a queue that senders and workers connect to.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static WorkQueue Bind(Address address, WorkQueueOptions? options = null)
    {
        options ??= new WorkQueueOptions();
        WorkQueueOptions.Check(options);
        WorkStore? store = options.Store is { } place ? WorkStore.Open(place) : null;
        WorkQueue? queue = null;
        try
        {
            queue = new WorkQueue(options, store);
            queue.Open(EndpointCore.Bind(address, options, Profile, queue, holdsBack: store is not null));
        }
        catch
        {
            queue?._items.Dispose();
            store?.Dispose();
            throw;
        }

        queue.Recover();
        queue._taking = queue.TakeAsync();
        try
        {
            queue._control = options.AllowControl ? WorkControl.Open(queue) : null;
        }
        catch
        {
            queue.Dispose();
            throw;
        }

        return queue;
    }

    /// <summary>Binds a queue that senders and workers connect to. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<WorkQueue> BindAsync(
        Address address, WorkQueueOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Completes when the queue is empty.</summary>
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

    /// <summary>Takes no more items, for good. Those that the queue has are still worked on.</summary>
    /// <remarks>
    /// An item that is on its way is taken or not. When the task completes, all others stay with their senders, which wait as at a full
    /// queue; when the queue closes, they learn that these items are not delivered. Items that were given up can be tried again.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public async ValueTask StopTakingAsync()
    {
        Task taking;
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_items.IsClosed, this);
            (taking, _isTaking) = (_taking, false);
        }

        await _stopTaking.CancelAsync().ConfigureAwait(false);
        await taking.ConfigureAwait(false);
        FinishIfDue();
    }

    /// <summary>Completes when the queue is empty and no sender is connected. From then on it accepts no connections.</summary>
    /// <remarks>
    /// Senders that connect earlier are waited for, too. A sender that connects later finds no listener, and no item is in transit at that
    /// moment. All that remains is to close the queue. After <see cref="StopTakingAsync"/> senders are not waited for.
    /// </remarks>
    /// <param name="cancellationToken">Ends the wait; the queue continues.</param>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public Task FinishAsync(CancellationToken cancellationToken = default)
    {
        Task<bool> finished;
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_items.IsClosed, this);
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

    /// <summary>Returns the items in the order in which they will be handed out, then those at workers, and then those given up.</summary>
    /// <remarks>An item that is just being written to the <see cref="WorkQueueOptions.Store"/> is in no list.</remarks>
    /// <param name="limit">How many items to return at most.</param>
    /// <param name="state">The state of the items to return; null: all.</param>
    public IReadOnlyList<WorkQueueItem> List(int limit = int.MaxValue, WorkItemState? state = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        using (_gate.Hold())
        {
            return
            [
                .. _items.All()
                    .Where(place => state is null || place.State == state)
                    .Take(limit)
                    .Select(static place => place.Describe()),
            ];
        }
    }

    /// <summary>Ends items: their senders learn that they are not delivered, and those of type 1 count as dropped.</summary>
    /// <remarks>An item that a worker has read is still accepted from it, but not handed out again.</remarks>
    /// <param name="numbers">Their numbers, from <see cref="List"/>.</param>
    /// <returns>How many of them were in the queue.</returns>
    public int Drop(params ReadOnlySpan<long> numbers)
    {
        List<WorkHandOut> atWorkers = [];
        List<WorkItem> dropped = [];
        List<WorkItem> forgotten = [];
        using (_gate.Hold())
        {
            foreach (WorkItem item in _items.Find(new HashSet<long>([.. numbers])))
            {
                if (item.At is { } at)
                {
                    item.IsDropped = true;
                    atWorkers.Add(at);
                }
                else if (_items.TryForgive(item))
                {
                    forgotten.Add(item);
                }
                else if (_items.TryLeave(item))
                {
                    item.IsClaimed = true;
                    dropped.Add(item);
                }
            }
        }

        atWorkers.ForEach(static at => at.Recall());
        forgotten.ForEach(EndForgotten);
        dropped.ForEach(EndDropped);
        return atWorkers.Count + forgotten.Count + dropped.Count;
    }

    /// <summary>
    /// Lets workers try items now: those that wait for their time, those that another worker has, which is taken over as after
    /// <see cref="WorkQueueOptions.TakeOverAfter"/>, and those that were given up, with all their deliveries.
    /// </summary>
    /// <param name="numbers">Their numbers, from <see cref="List"/>.</param>
    /// <returns>How many of them were in the queue. Items that already waited for a worker count, too.</returns>
    public int Retry(params ReadOnlySpan<long> numbers)
    {
        List<WorkItem> forgiven = [];
        List<WorkHandOut> stuck = [];
        List<(WorkItem Item, WorkFate Fate)> ended = [];
        int count;
        using (_gate.Hold())
        {
            List<WorkItem> found = _items.Find(new HashSet<long>([.. numbers]));
            count = found.Count;
            foreach (WorkItem item in found)
            {
                if (item.At is { } at)
                {
                    stuck.Add(at);
                    WorkFate fate = _items.TakeOver(at);
                    if (fate == WorkFate.Waits)
                    {
                        _items.PutBack(item);
                    }
                    else
                    {
                        ended.Add((item, fate));
                    }
                }
                else if (_items.TryForgive(item))
                {
                    forgiven.Add(item);
                }
                else
                {
                    _items.TryHasten(item);
                }
            }
        }

        FinishTakeOver(stuck, ended, "it was taken from its worker");
        forgiven.ForEach(EnterAgain);
        return count;
    }

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        if (link.PeerPattern != PatternKind.Receiver)
        {
            return;
        }

        using (_gate.Hold())
        {
            link.Tag = new WorkPlace(link);
            _workers.Add((WorkPlace)link.Tag);
        }

        Dispatch();

        // The last sender may have left before this link was known to be a worker.
        FinishIfDue();
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
        if (link.Tag is WorkPlace worker)
        {
            using (_gate.Hold())
            {
                _workers.Remove(worker);
            }
        }

        FinishIfDue();
    }

    void ILinkOwner.OnNeverUp() => FinishIfDue();

    void ILinkOwner.OnClosing()
    {
        _control?.BeginClose();
        GiveBack();
    }

    void ILinkOwner.OnGone()
    {
        _items.Dispose();
        _stopTaking.Dispose();
        CloseStore();
    }

    void ILinkOwner.OnCredit(Link link) => Dispatch();

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a work queue has no topics";

    /// <summary>Sends an item to a worker. Returns false if the worker does not get it.</summary>
    /// <remarks>An error on the way affects only this worker. It ends the worker's link if the message was partly sent.</remarks>
    private static bool TrySend(WorkPlace worker, WorkItem item, LinkOperation call, ReadOnlySpan<byte> head)
    {
        try
        {
            return worker.Link.LinkSender.Send(new OutgoingMessage(call.Header, head, item.Message.Span), call: call) == LinkOutcome.Sent;
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained("handing out an item", exception.ToString());
            return false;
        }
    }
}
