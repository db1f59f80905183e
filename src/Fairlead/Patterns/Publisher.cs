using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Publishes messages with a topic to every <see cref="Subscriber"/> that asked for it, type 1 only. It waits for nobody: what a subscriber has no room for, or is longer than it accepts, is dropped for that
/// subscriber, counted here (<see cref="EndpointStatistics.Dropped"/>) and told to it with the next message (<see cref="Message.Missed"/>).
/// </summary>
public sealed class Publisher : Endpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Publisher,
        Name = "Publisher",
        Peers = [PatternKind.Subscriber],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Protocol,
        HearsAlways = true,
    };

    /// <summary>Binds, for subscribers that will connect.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Publisher Bind(Address address, EndpointOptions? options = null)
    {
        Publisher publisher = new();
        publisher.Open(EndpointCore.Bind(address, options, Profile, publisher));
        return publisher;
    }

    /// <summary>Binds, for subscribers that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Publisher> BindAsync(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Run(() => Bind(address, options), token);

    /// <summary>Connects to a bound subscriber. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Publisher Connect(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Wait(ConnectAsync(address, options, token));

    /// <summary>Connects to a bound subscriber. When this completes, the subscriber's topics may still be on their way.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Publisher> ConnectAsync(Address address, EndpointOptions? options = null, CancellationToken token = default)
    {
        Publisher publisher = new();
        publisher.Open(await EndpointCore.ConnectAsync(address, options, Profile, publisher, token).ConfigureAwait(false));
        return publisher;
    }

    /// <summary>Publishes a message. Does not block.</summary>
    /// <param name="topic">Words with dots between; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">Copied before this returns.</param>
    /// <returns>For how many subscribers it was buffered.</returns>
    /// <exception cref="ArgumentException">The topic is none.</exception>
    public int Publish(string topic, ReadOnlySpan<byte> message)
    {
        TopicFilter.CheckTopic(topic);
        new Outbox(Core).ThrowIfClosing();
        byte[] space = ArrayPool<byte>.Shared.Rent(TopicFilter.LongestTopic + 32);
        try
        {
            int length = Encoding.UTF8.GetBytes(topic, space);
            ReadOnlySpan<byte> name = space.AsSpan(0, length);
            int buffered = 0;
            foreach (Link link in Core.LinkSnapshot)
            {
                if (link.Tag is Subscriptions subscriptions && subscriptions.Match(topic))
                {
                    buffered += PublishTo(link, subscriptions, name, message) ? 1 : 0;
                }
            }

            return buffered;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(space);
        }
    }

    /// <summary>Publishes text as UTF-8.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public int Publish(string topic, string message) => Publish(topic, Encoding.UTF8.GetBytes(message));

    /// <summary>Publishes a value as JSON.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public int Publish<T>(string topic, T value, JsonTypeInfo<T> type)
    {
        using Serialized message = Serialized.Of(value, type);
        return Publish(topic, message.Span);
    }

    /// <summary>Publishes a value as its serializer writes it.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public int Publish<T>(string topic, T value, IMessageSerializer<T> serializer)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return Publish(topic, message.Span);
    }

    void ILinkOwner.OnUp(Link link, Completions completions) => link.Tag = new Subscriptions();

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => ((Subscriptions)link.Tag!).Change(topic, subscribes);

    private bool PublishTo(Link link, Subscriptions subscriptions, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> message)
    {
        // Publishers of many threads share the count of what was missed: it is told once, with the message that gets through.
        lock (subscriptions)
        {
            Span<byte> space = stackalloc byte[topic.Length + 16];
            HeadWriter head = new(space);
            head.Add(HeadField.Topic, topic);
            if (subscriptions.Missed > 0)
            {
                head.Add(HeadField.Missed, (ulong)subscriptions.Missed);
            }

            if (!link.Takes(head.Length + message.Length))
            {
                // Longer than this subscriber takes; the others get it.
                subscriptions.Missed++;
                Core.Counters.AddDropped(1);
                return false;
            }

            switch (new Outbox(Core).TrySendOn(link, MessageKind.Publish, head.Written, message))
            {
                case SendResult.Sent:
                    subscriptions.Missed = 0;
                    return true;
                case SendResult.Full:
                    subscriptions.Missed++;
                    Core.Counters.AddDropped(1);
                    return false;
                default:
                    return false;
            }
        }
    }

    /// <summary>What one subscriber asked for.</summary>
    private sealed class Subscriptions
    {
        private const int MostPatterns = 10_000;

        private volatile string[] _patterns = [];

        public long Missed { get; set; }

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
