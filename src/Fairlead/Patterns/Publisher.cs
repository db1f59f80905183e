using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Publishes messages with a topic to every <see cref="Subscriber"/> that asked for it, type 1 only.
/// </summary>
/// <remarks>
/// What a slow subscriber has no room for is treated as that subscriber asked (<see cref="EndpointOptions.OverflowPolicy"/> of its own), or
/// else as this publisher was told, or else dropped, the newest first. Each subscriber has a queue of its own here, as long as this
/// publisher's
/// <c>messages</c> and <c>capacity</c>. What is dropped is counted (<see cref="EndpointStatistics.Dropped"/>) and told to the subscriber
/// (<see cref="Message.Missed"/>, <see cref="Subscriber.Missed"/>); so is what is longer than it accepts.
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

    private Publisher(Address address, PublisherOptions? options)
    {
        options ??= new PublisherOptions();
        if (options.History is < 0 or > MostHistory)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.History, $"A publisher keeps 0 to {MostHistory} messages.");
        }

        int history = AddressOptions.Int(address, "history", max: MostHistory) ?? options.History;

        // Before anybody can come.
        _history = history == 0 ? null : new History(history, AddressOptions.Size(address, "capacity") ?? options.MaxUnreadBytes);
        _longestWait = options.LongestWait;
        if (_longestWait != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(_longestWait, TimeSpan.Zero, nameof(options));
        }
    }

    /// <summary>Binds, for subscribers that will connect.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Publisher Bind(Address address, PublisherOptions? options = null)
    {
        Publisher publisher = new(address, options);
        publisher.Open(EndpointCore.Bind(address, options, Profile, publisher));
        return publisher;
    }

    /// <summary>Binds, for subscribers that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Publisher> BindAsync(
        Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound subscriber. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Publisher Connect(Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound subscriber. When this completes, the subscriber's topics may still be on their way.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Publisher> ConnectAsync(
        Address address, PublisherOptions? options = null, CancellationToken cancellationToken = default)
    {
        Publisher publisher = new(address, options);
        publisher.Open(await EndpointCore.ConnectAsync(address, options, Profile, publisher, cancellationToken).ConfigureAwait(false));
        return publisher;
    }

    /// <summary>Publishes text as UTF-8.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public int Publish(string topic, string message) => Publish(topic, Encoding.UTF8.GetBytes(message));

    /// <summary>Publishes a value as JSON.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public int Publish<T>(string topic, T value, JsonTypeInfo<T> type)
    {
        using Serialized message = Serialized.Of(value, type);
        return Publish(topic, message.Span);
    }

    /// <summary>Publishes a value as its serializer writes it.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public int Publish<T>(string topic, T value, IMessageSerializer<T> serializer)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return Publish(topic, message.Span);
    }

    FairleadException? ILinkOwner.Refusal(Link link) => link.PeerAsksFor switch
    {
        OverflowPolicy.Wait when _longestWait == TimeSpan.Zero => new FairleadException(
            ErrorCode.NotSupported,
            "this publisher waits for no subscriber, and full=wait was asked for",
            "Ask for another policy, or none")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        },
        null or OverflowPolicy.Wait or OverflowPolicy.DropOldest or OverflowPolicy.DropNewest or OverflowPolicy.Latest => null,
        _ => new FairleadException(
            ErrorCode.NotSupported, "the subscriber asked for a policy that this publisher does not know", "Ask for another, or none")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        },
    };

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        link.Policy = link.PeerAsksFor ?? link.Policy;
        link.Tag = new Subscriptions();
        ChangeAudiences();
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
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

    /// <summary>What one subscriber asked for.</summary>
    private sealed class Subscriptions
    {
        private const int MostPatterns = 10_000;

        private volatile string[] _patterns = [];

        public bool Match(string topic)
        {
            foreach (string pattern in _patterns)
            {
                if (TopicFilter.Matches(pattern, topic))
                {
                    return true;
                }
            }

            return false;
        }

        public Subscriptions Copy() => new() { _patterns = _patterns };

        /// <summary>By the pump alone.</summary>
        public string? Change(string pattern, bool subscribes)
        {
            if (TopicFilter.Problem(pattern, isPattern: true) is { } problem)
            {
                return problem;
            }

            string[] patterns = _patterns;
            int at = Array.IndexOf(patterns, pattern);
            if (subscribes && at < 0)
            {
                if (patterns.Length >= MostPatterns)
                {
                    return $"there are {MostPatterns} patterns already";
                }

                _patterns = [.. patterns, pattern];
            }
            else if (!subscribes && at >= 0)
            {
                _patterns = [.. patterns[..at], .. patterns[(at + 1)..]];
            }

            return null;
        }
    }
}
