using System.Buffers.Binary;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Receives the messages that <see cref="Publisher"/>s publish on the requested topics. A bound subscriber serves many.</summary>
public sealed partial class Subscriber : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Subscriber,
        Name = "Subscriber",
        Peers = [PatternKind.Publisher],
        Takes = [MessageKind.Publish],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Protocol,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Latest],
    };

    /// <summary>The length of the field that asks for stored messages.</summary>
    internal const int ReplayBytes = sizeof(ulong) + 1;

    /// <summary>The length of the name in the field <see cref="HeadField.Account"/>.</summary>
    internal const int AccountNameBytes = 16;

    /// <summary>The length of the field <see cref="HeadField.Account"/>.</summary>
    internal const int AccountBytes = AccountNameBytes + sizeof(long) + 1;

    // All fields, each with its number and length.
    private const int MostHeadBytes = 3 + PublishedPosition.Bytes + 3 + ReplayBytes + 3 + AccountBytes;

    /// <summary>For the factories only, because an unopened subscriber is unusable.</summary>
    private Subscriber(EndpointOptions? options)
    {
        if (options is SubscriberOptions { Replay: var replay, ResumeAfter: var after, CountWhileAway: var counts })
        {
            ArgumentOutOfRangeException.ThrowIfNegative(replay, nameof(options));
            (_replay, _position, _account) = (replay, after, counts ? Guid.NewGuid() : null);
        }
    }

    private readonly RankedLock _gate = new(LockRank.Subscriptions);
    private readonly HashSet<string> _patterns = [];
    private readonly int _replay;
    private readonly Guid? _account;

    // The messages of ended connections. Under the gate.
    private long _arrived;

    // What the last connection has reported missing behind its last message: counted, and repeated by the next message. Under the gate.
    private long _missedBehind;

    // The last stored message that has arrived, or that was there when this end first connected. Under the gate; null: the publisher stores
    // none.
    private PublishedPosition? _position;

    private Inbox Inbox => new(Core);

    /// <summary>The topic patterns that this end asks for.</summary>
    public IReadOnlyList<string> Topics
    {
        get
        {
            using (_gate.Hold())
            {
                return [.. _patterns];
            }
        }
    }

    /// <summary>How many messages publishers have dropped for this end, by the latest number from each.</summary>
    /// <remarks>A publisher reports the number with each message, when it has nothing more to send, and when it closes.</remarks>
    public long Missed => Core.Counters.Missed;

    /// <summary>Binds a subscriber that publishers connect to.</summary>
    /// <param name="address">The address, with options after <c>?</c>. Strings convert implicitly.</param>
    /// <param name="topics">
    /// One topic pattern, or several separated by commas; see <see cref="TopicFilter"/>. <c>&gt;</c> matches everything.
    /// </param>
    /// <param name="options">Further settings. <see cref="EndpointOptions.OverflowPolicy"/> asks the publisher for a policy for this
    /// subscriber.</param>
    /// <inheritdoc cref="Receiver.Bind" path="/exception"/>
    public static Subscriber Bind(Address address, string topics = ">", EndpointOptions? options = null)
    {
        Subscriber subscriber = new(options);
        subscriber.Add(topics);
        subscriber.Open(EndpointCore.Bind(address, options, Profile, subscriber));
        return subscriber;
    }

    /// <summary>Binds a subscriber that publishers connect to. Completes immediately.</summary>
    /// <inheritdoc cref="Bind" path="/param|/exception"/>
    public static ValueTask<Subscriber> BindAsync(
        Address address,
        string topics = ">",
        EndpointOptions? options = null,
        CancellationToken cancellationToken = default) => Opening.Run(() => Bind(address, topics, options), cancellationToken);

    private static readonly TimeSpan PauseBetweenPublishers = TimeSpan.FromMilliseconds(10);

    /// <summary>Connects to a bound publisher. Blocks until connected.</summary>
    /// <inheritdoc cref="Bind" path="/param"/>
    /// <inheritdoc cref="Receiver.Connect" path="/exception"/>
    public static Subscriber Connect(
        Address address,
        string topics = ">",
        EndpointOptions? options = null,
        CancellationToken cancellationToken = default) => Opening.Wait(ConnectAsync(address, topics, options, cancellationToken));

    /// <summary>Connects to a bound publisher. After completion, this end receives everything the publisher then publishes.</summary>
    /// <inheritdoc cref="Bind" path="/param"/>
    /// <inheritdoc cref="Receiver.Connect" path="/exception"/>
    public static async ValueTask<Subscriber> ConnectAsync(
        Address address, string topics = ">", EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Deadline? deadline = null;
        while (true)
        {
            Subscriber subscriber = new(options);
            string[] patterns = subscriber.Add(topics);
            subscriber.Open(
                await EndpointCore.ConnectAsync(address, options, Profile, subscriber, cancellationToken).ConfigureAwait(false));
            deadline ??= Deadline.After(subscriber.Core.Settings.ConnectTimeout, subscriber.Core.Settings.Time);
            try
            {
                for (int i = 0; i < patterns.Length; i++)
                {
                    byte[] head = subscriber.HeadOf(isLast: i == patterns.Length - 1);
                    await subscriber.AskAsync(MessageKind.Subscribe, patterns[i], cancellationToken, head).ConfigureAwait(false);
                }

                return subscriber;
            }
            catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone && !deadline.Value.Passed)
            {
                // The publisher ended in between, and the next one may be about to start. The caller is still connecting, so retry.
                subscriber.Dispose();
                await Task.Delay(PauseBetweenPublishers, subscriber.Core.Settings.Time, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                subscriber.Dispose();
                throw;
            }
        }
    }

    /// <summary>Asks for one more topic pattern. After completion, this end receives everything then published on it.</summary>
    /// <remarks>A bound subscriber asks all its publishers at the same time, and skips the ones that refuse the pattern.</remarks>
    /// <param name="topic">The pattern; see <see cref="TopicFilter"/>.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. If it is cancelled before, nothing changes; later, the publishers may already know the pattern.
    /// </param>
    /// <exception cref="ArgumentException">The text is not a topic pattern.</exception>
    /// <exception cref="FairleadException">
    /// PeerGone: a connected subscriber has lost its publisher. NotSupported: its publisher refuses the pattern. TooLarge: its publisher
    /// does not accept a message of this length. After a refusal, a new pattern is not in <see cref="Topics"/>.
    /// </exception>
    public ValueTask SubscribeAsync(string topic, CancellationToken cancellationToken = default)
    {
        TopicFilter.CheckPattern(topic);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        bool isNew;
        using (_gate.Hold())
        {
            isNew = _patterns.Add(topic);
        }

        return isNew ? AskForNewAsync(topic, cancellationToken) : AskAsync(MessageKind.Subscribe, topic, cancellationToken);
    }

    /// <summary>Gives up a topic pattern. Messages published earlier still arrive.</summary>
    /// <param name="topic">The pattern.</param>
    /// <param name="cancellationToken">Ends the wait. If it is cancelled before, nothing changes.</param>
    /// <exception cref="ArgumentException">The text is not a topic pattern.</exception>
    /// <exception cref="FairleadException">PeerGone: a connected subscriber has lost its publisher.</exception>
    public ValueTask UnsubscribeAsync(string topic, CancellationToken cancellationToken = default)
    {
        TopicFilter.CheckPattern(topic);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        using (_gate.Hold())
        {
            _patterns.Remove(topic);
        }

        return AskAsync(MessageKind.Unsubscribe, topic, cancellationToken);
    }

    /// <inheritdoc cref="Receiver.TryReceive(out Message)"/>
    public bool TryReceive(out Message message) => Inbox.TryReceive(out message);

    /// <inheritdoc cref="Receiver.TryReceive(TimeSpan, out Message, CancellationToken)"/>
    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken cancellationToken = default) =>
        Inbox.TryReceive(timeout, out message, cancellationToken);

    /// <inheritdoc cref="Receiver.Receive"/>
    public Message Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.Receive(timeout, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAsync(timeout, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAsync(CancellationToken)"/>
    public ValueTask<Message> ReceiveAsync(CancellationToken cancellationToken) => Inbox.ReceiveAsync(null, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAllAsync"/>
    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAllAsync(cancellationToken);

    /// <inheritdoc cref="Receiver.RunAsync"/>
    public Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken cancellationToken = default) =>
        Inbox.RunAsync(handler, RaiseHandlerFailed, concurrency, cancellationToken);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        if (!link.IsAccepted && !link.Endpoint.IsReconnecting)
        {
            // The side that connects asks in ConnectAsync, and waits for the answers.
            return;
        }

        // Under the lock to the last one: a topic that is given up meanwhile must not be asked for behind its Unsubscribe.
        using (_gate.Hold())
        {
            if (!link.IsAccepted)
            {
                link.LinkReceiver.ExpectMissedRepeated(_account is null ? 0 : _missedBehind);
            }

            // A longer pattern would end the connection, and with it the others.
            byte[][] payloads =
            [
                .. _patterns
                    .Select(Encoding.UTF8.GetBytes)
                    .Where(payload => link.LinkSender.Takes(payload.Length + (link.IsAccepted ? 0 : MostHeadBytes))),
            ];
            for (int i = 0; i < payloads.Length; i++)
            {
                ReadOnlySpan<byte> head = link.IsAccepted ? default : HeadLocked(isLast: i == payloads.Length - 1);
                link.Answers.SendControl(MessageHeader.Of(MessageKind.Subscribe), head, payloads[i]);
            }
        }
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
        using (_gate.Hold())
        {
            _arrived += link.LinkReceiver.ReceiveQueue.Window.Received;
            _missedBehind = link.LinkReceiver.MissedBehind;
        }
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a subscriber does not publish";

    void ILinkOwner.OnPosition(Link link, PublishedPosition position, bool isStart)
    {
        using (_gate.Hold())
        {
            // What was stored before is asked for by its number.
            if (!isStart || (_position is null && _replay == 0))
            {
                _position = position;
            }
        }
    }
}
