using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;
using Fairlead.Patterns.Publishing;

namespace Fairlead;

/// <summary>Publishes messages with a topic (type 1 only) to every <see cref="Subscriber"/> that asked for it.</summary>
/// <remarks>
/// <para>
/// Each subscriber has a separate queue here, limited by this publisher's <c>messages</c> and <c>capacity</c>. A full queue is handled by
/// the subscriber's policy (its <see cref="EndpointOptions.OverflowPolicy"/>), or else by this publisher's. Without either, the publisher
/// drops the newest message.
/// </para>
/// <para>
/// The publisher counts dropped messages (<see cref="EndpointStatistics.Dropped"/>) and tells the subscriber (<see cref="Message.Missed"/>,
/// <see cref="Subscriber.Missed"/>). The same holds for messages longer than the subscriber accepts.
/// </para>
/// </remarks>
public sealed partial class Publisher : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Publisher,
        Name = "Publisher",
        Peers = [PatternKind.Subscriber],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Protocol,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Fail, OverflowPolicy.Latest],
        Policy = OverflowPolicy.DropNewest,
        HearsAlways = true,
    };

    private readonly TimeSpan _longestWait;
    private readonly StoredPublications? _stored;

    private Publisher(Address address, PublisherOptions? options)
    {
        options ??= new PublisherOptions();
        if (options.History is < 0 or > MostHistory)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.History, $"A publisher keeps 0 to {MostHistory} messages.");
        }

        int history = AddressOptions.Int(address, "history", max: MostHistory) ?? options.History;

        // Before any subscriber can connect.
        _history = history == 0 ? null : new History(history, AddressOptions.Size(address, "capacity") ?? options.MaxUnreadBytes);
        _longestWait = options.LongestWait;
        if (_longestWait != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(_longestWait, TimeSpan.Zero, nameof(options));
        }

        if (options.Store is { } store)
        {
            if (EndpointCore.LeadsToBridge(address))
            {
                throw new FairleadException(
                    ErrorCode.NotSupported, "a publisher at a broker has no store", "Use a stream or durable queues of the broker.")
                {
                    Address = address,
                };
            }

            _stored = history == 0
                ? new StoredPublications(store)
                : throw new ArgumentException("A publisher has either a store or a history.", nameof(options));
        }
    }

    /// <summary>Binds a publisher that subscribers connect to.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Publisher Bind(Address address, PublisherOptions? options = null)
    {
        Publisher publisher = new(address, options);
        try
        {
            publisher.Open(EndpointCore.Bind(address, options, Profile, publisher));
        }
        catch
        {
            publisher._stored?.Dispose();
            throw;
        }

        if (publisher.Core.IsToBridge)
        {
            publisher.AwaitBridge();
        }

        return publisher;
    }

    /// <summary>Binds a publisher that subscribers connect to. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Publisher> BindAsync(
        Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound subscriber. Blocks until connected.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Publisher Connect(Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound subscriber. On completion, the subscriber's topics may still be on their way.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Publisher> ConnectAsync(
        Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default)
    {
        Publisher publisher = new(address, options);
        try
        {
            publisher.Open(await EndpointCore.ConnectAsync(address, options, Profile, publisher, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            publisher._stored?.Dispose();
            throw;
        }

        return publisher;
    }

    PublishedPosition? ILinkOwner.LastPosition => _stored?.Last;

    FairleadException? ILinkOwner.Refusal(Link link) => link.PeerAsksFor switch
    {
        OverflowPolicy.Wait when _longestWait == TimeSpan.Zero => new FairleadException(
            ErrorCode.NotSupported,
            "the subscriber asked for full=wait, but this publisher does not wait for subscribers",
            "Ask for another policy, or for none.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        },
        null or OverflowPolicy.Wait or OverflowPolicy.DropOldest or OverflowPolicy.DropNewest or OverflowPolicy.Latest => null,
        _ => new FairleadException(
            ErrorCode.NotSupported,
            "the subscriber asked for a policy that this publisher does not know",
            "Ask for another policy, or for none.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        },
    };

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        link.Policy = link.PeerAsksFor ?? link.Policy;
        link.Tag = link.Endpoint.IsToBridge ? Subscriptions.OfEverything() : new Subscriptions();
        ChangeAudiences();
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
        if (link.Tag is Subscriptions { Account: not null } subscriptions)
        {
            using (_historyGate.Hold())
            {
                _accounts.Leave(subscriptions);
            }
        }

        ChangeAudiences();
        _audiences.Clear();
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change)
    {
        // The lost subscriber may be given up.
        TellOfChange();
        RaiseStateChanged(change);
    }

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => Change(link, topic, subscribes);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes, ReadOnlySpan<byte> head) =>
        _stored is not null && subscribes && HeadReader.TryGet(head, HeadField.Replay, out ReadOnlySpan<byte> replay)
            ? Resume(link, topic, head, replay)
        : _stored is null && _history is null && subscribes && HeadReader.TryGet(head, HeadField.Account, out ReadOnlySpan<byte> account)
            ? Reckon(link, topic, account)
        : Change(link, topic, subscribes);

    void ILinkOwner.OnGone() => _stored?.Dispose();

    /// <summary>Blocks until the bridge of a bound publisher is up, which takes no other process. A message before that would be
    /// lost.</summary>
    private void AwaitBridge()
    {
        try
        {
            _ = WaitForSubscribers("any", 1, Core.Settings.HandshakeTimeout);
        }
        catch
        {
            Dispose();
            throw;
        }
    }
}
