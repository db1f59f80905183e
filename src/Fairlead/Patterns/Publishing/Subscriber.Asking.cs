using System.Buffers.Binary;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <content>How a subscriber asks its publishers for topics.</content>
public sealed partial class Subscriber
{
    private byte[] HeadOf(bool isLast)
    {
        using (_gate.Hold())
        {
            return HeadLocked(isLast);
        }
    }

    /// <summary>
    /// Returns the head fields that ask a publisher for stored messages, or for the number of missed ones; none if it is to do neither.
    /// Under the gate.
    /// </summary>
    private byte[] HeadLocked(bool isLast)
    {
        Span<byte> bytes = stackalloc byte[AccountBytes];
        HeadWriter head = new(stackalloc byte[MostHeadBytes]);
        byte more = isLast ? (byte)0 : (byte)1;
        if (_position is { } position)
        {
            position.WriteTo(bytes[..PublishedPosition.Bytes]);
            head.Add(HeadField.Position, bytes[..PublishedPosition.Bytes]);
        }

        if (_position is not null || _replay != 0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, _replay == int.MaxValue ? ulong.MaxValue : (ulong)_replay);
            bytes[sizeof(ulong)] = more;
            head.Add(HeadField.Replay, bytes[..ReplayBytes]);
        }

        if (_account is { } name)
        {
            name.TryWriteBytes(bytes);
            BinaryPrimitives.WriteInt64BigEndian(bytes[AccountNameBytes..], _arrived + Core.Counters.Missed - _missedBehind);
            bytes[^1] = more;
            head.Add(HeadField.Account, bytes);
        }

        return head.Written.ToArray();
    }

    private string[] Add(string topics)
    {
        string[] patterns = topics.Split(',', StringSplitOptions.TrimEntries);
        foreach (string pattern in patterns)
        {
            TopicFilter.CheckPattern(pattern);
        }

        using (_gate.Hold())
        {
            _patterns.UnionWith(patterns);
        }

        return patterns;
    }

    /// <summary>Asks for a pattern that is new here, and forgets it if the publisher refuses it.</summary>
    private async ValueTask AskForNewAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(MessageKind.Subscribe, topic, cancellationToken).ConfigureAwait(false);
        }
        catch (FairleadException exception) when (exception.Code is ErrorCode.NotSupported or ErrorCode.TooLarge)
        {
            using (_gate.Hold())
            {
                _patterns.Remove(topic);
            }

            throw;
        }
    }

    private async ValueTask AskAsync(MessageKind kind, string topic, CancellationToken cancellationToken, byte[]? head = null)
    {
        Core.Life.ThrowIfClosing();
        Link[] links = Core.Links();
        if (links.Length == 0 && !Core.Presence.AwaitsPeers)
        {
            throw Core.Presence.EndException();
        }

        // All are asked before an answer is awaited: a publisher that does not answer must not keep the topic from the others.
        byte[] payload = Encoding.UTF8.GetBytes(topic);
        await Task.WhenAll(Array.ConvertAll(links, link => AskOnAsync(link, kind, topic, payload, head ?? [], cancellationToken)))
            .ConfigureAwait(false);
    }

    private async Task AskOnAsync(
        Link link, MessageKind kind, string topic, byte[] payload, byte[] head, CancellationToken cancellationToken)
    {
        if (link.State == LinkState.Handshaking)
        {
            // A link in the handshake must not send yet; it asks for all topics when it comes up.
            return;
        }

        if (!link.LinkSender.Takes(head.Length + payload.Length))
        {
            // This publisher cannot have the topic, so there is nothing to give up.
            if (kind == MessageKind.Subscribe && !IsBound)
            {
                throw LinkErrors.TooLarge(link, payload.Length, 0, link.LinkSender.LongestToPeer);
            }

            return;
        }

        LinkOperation operation = LinkOperation.Rent(Core, isBlocking: false, MessageHeader.Of(kind), head);
        operation.PeerLink = link;
        operation.Copy(payload);
        ValueTask<LinkResult> task = operation.Task;
        try
        {
            operation.WatchFor(null, Core.Settings.Time, cancellationToken);
            link.LinkSender.Start(operation);
        }
        catch (Exception exception)
        {
            // The wait below ends with this error, and returns the operation.
            operation.Withdraw(exception);
        }

        Delivery delivery = Outbox.ToDelivery(await task.ConfigureAwait(false), null);
        if (!delivery.IsDelivered && !IsBound)
        {
            throw delivery.Cause is null
                ? new FairleadException(ErrorCode.NotSupported, $"the publisher refused the topic '{topic}': {delivery.Reason}")
                {
                    Address = Address,
                    Peer = link.Peer,
                }
                : link.EndException();
        }
    }
}
