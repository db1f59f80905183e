using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Who wants what: found once for each topic, as long as nobody comes, goes or changes his mind; and one message written once for
/// all who can read it there.</content>
public sealed partial class Publisher
{
    /// <summary>Topics that are remembered; a publisher with more of them looks for the subscribers of each again.</summary>
    private const int MostAudiences = 1024;

    /// <summary>
    /// Readers who read less than one in <see cref="LeastReading"/> of what they have before them in this time are waited for asleep.
    /// </summary>
    private static readonly long ReadingSpan = Stopwatch.Frequency / 500;

    private const int LeastReading = 32;

    private readonly ConcurrentDictionary<string, Audience> _audiences = new(StringComparer.Ordinal);
    private int _version;

    /// <summary>Somebody came, went, or changed his mind. Behind the change: who looks afterwards sees it.</summary>
    private void ChangeAudiences() => Interlocked.Increment(ref _version);

    private Audience AudienceOf(string topic)
    {
        int version = Volatile.Read(ref _version);
        if (_audiences.TryGetValue(topic, out Audience? audience) && audience.Version == version)
        {
            return audience;
        }

        byte[] head = audience?.Head ?? Head(topic);
        if (_audiences.Count >= MostAudiences)
        {
            _audiences.Clear();
        }

        List<Link> links = [];
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.Tag is Subscriptions subscriptions && subscriptions.Match(topic))
            {
                links.Add(link);
            }
        }

        return _audiences[topic] = new Audience([.. links], version, head);
    }

    /// <summary>The head of all messages on a topic.</summary>
    private static byte[] Head(string topic)
    {
        TopicFilter.CheckTopic(topic);
        byte[] name = Encoding.UTF8.GetBytes(topic);
        byte[] space = new byte[name.Length + 8];
        HeadWriter head = new(space);
        head.Add(HeadField.Topic, name);
        return space[..head.Length];
    }

    /// <summary>Writes the message once for all of its audience that take part, and says who that was.</summary>
    private ulong WriteOnce(Audience audience, ReadOnlySpan<byte> message, ref Round round)
    {
        // A message that belongs to a trace has a span for each subscriber.
        if (audience.Seated is null || Tracing.IsWatched)
        {
            return 0;
        }

        long start = OperationMeter.StartCall();
        round.Buffered = Core.Broadcasts.WriteOnce(
            audience, MessageHeader.Of(MessageKind.Publish), audience.Head, message, out ulong reached);
        for (int i = 0; start != 0 && i < round.Buffered; i++)
        {
            OperationMeter.EndCall(start, MessageKind.Publish, Core.MeterTags, null);
        }

        return reached;
    }

    /// <summary>
    /// Makes room for those who read, for a moment, before this thread sleeps: if all who are waited for and share the memory have room by
    /// then the message is written once for all of them. Those who were reached are waited for no more.
    /// </summary>
    private void AwaitRoom(
        List<Link> waiting, ref Round round, ReadOnlySpan<byte> message, Deadline deadline, CancellationToken cancellationToken)
    {
        int length = round.Head.Length + message.Length;
        if (Tracing.IsWatched
            || Core.Broadcasts.GetOrMake() is not { } broadcast
            || !waiting.Exists(static link => link.Place.Seat is { IsTaken: true }))
        {
            return;
        }

        // What all have not read, not only those who are waited for: they may have to wait for a processor until others have read.
        long first = broadcast.Unread;
        long before = first;
        long end = Stopwatch.GetTimestamp() + ReadingSpan;
        do
        {
            Thread.Yield();
            if (Stopwatch.GetTimestamp() >= end)
            {
                long unread = broadcast.Unread;
                if (unread > before - (first / LeastReading))
                {
                    break;
                }

                before = unread;
                end = Stopwatch.GetTimestamp() + ReadingSpan;
            }
        }
        while (!waiting.TrueForAll(link => link.Place.HasCaughtUp(length))
            && !deadline.Passed
            && !cancellationToken.IsCancellationRequested);

        foreach (Link link in waiting)
        {
            link.Place.TryResume(length);
        }

        Audience those = new([.. waiting], 0, round.Head);
        round.Buffered += Core.Broadcasts.WriteOnce(those, MessageHeader.Of(MessageKind.Publish), round.Head, message, out ulong reached);
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            if (those.IsReached(i, reached))
            {
                waiting.RemoveAt(i);
            }
        }
    }

    /// <summary>Behind a message that went by a subscriber's connection: it takes part again when it has caught up.</summary>
    private void Rejoin(Link link)
    {
        if (link.Place.HasSpoiltBroadcast)
        {
            link.Kill(CloseReason.ProtocolError, "it has spoilt the memory that it shares with this publisher");
        }
        else if (!Tracing.IsWatched && link.Place.TryJoin())
        {
            ChangeAudiences();
        }
    }
}
