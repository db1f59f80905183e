using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;

namespace Fairlead.Testing;

/// <summary>
/// A received message that a test makes by hand and gives to the code under test. It records the answer. It needs no endpoint and
/// no native resources.
/// </summary>
public sealed class HandmadeMessage : IDisposable
{
    private readonly AnswerRecord _record;

    private HandmadeMessage(AnswerRecord record, Message message)
    {
        _record = record;
        Message = message;
    }

    /// <summary>The message, as a <see cref="Receiver"/>, <see cref="Pair"/> or <see cref="Subscriber"/> hands it out.</summary>
    public Message Message { get; }

    /// <summary>
    /// The receipt of a message with <see cref="Message.WantsReceipt"/>: <see cref="DeliveryStatus.Delivered"/> after
    /// <see cref="Message.Accept"/>, <see cref="DeliveryStatus.NotDelivered"/> after <see cref="Message.Reject"/> or after disposing
    /// without either. Null before that.
    /// </summary>
    public DeliveryStatus? Receipt => _record.Receipt switch
    {
        null => null,
        ReceiptStatus.Accepted => DeliveryStatus.Delivered,
        _ => DeliveryStatus.NotDelivered,
    };

    /// <summary>Why the message was not accepted.</summary>
    public string? Reason => _record.Text;

    /// <summary>Whether the message was disposed.</summary>
    public bool IsDisposed => _record.IsReleased;

    /// <summary>Makes a message.</summary>
    /// <param name="payload">Its bytes. Copied.</param>
    /// <param name="topic">The topic of a published message.</param>
    /// <param name="peer">The sender; the default is this process.</param>
    /// <param name="wantsReceipt">Whether its sender waits for a receipt.</param>
    /// <param name="redelivered">Whether another receiver had it before.</param>
    /// <param name="deliveries">How many times a work queue has delivered it before.</param>
    /// <param name="missed">How many messages were dropped before it.</param>
    /// <exception cref="ArgumentException">The topic is malformed, or a message has both a topic and a receipt.</exception>
    public static HandmadeMessage Create(
        ReadOnlySpan<byte> payload,
        string? topic = null,
        Peer? peer = null,
        bool wantsReceipt = false,
        bool redelivered = false,
        int deliveries = 0,
        long missed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(deliveries);
        ArgumentOutOfRangeException.ThrowIfNegative(missed);
        if (topic is not null && wantsReceipt)
        {
            throw new ArgumentException("A message with a topic has no receipt: pass one of the two.", nameof(wantsReceipt));
        }

        MessageKind kind = topic is not null ? MessageKind.Publish : wantsReceipt ? MessageKind.Deliver : MessageKind.Send;
        (AnswerRecord record, Message message) = Handmade.Create(
            MessageHeader.Of(kind, flags: redelivered ? MessageFlags.Redelivered : MessageFlags.None),
            new HandmadeHead(topic, deliveries, missed, null),
            payload,
            peer);
        return new HandmadeMessage(record, message);
    }

    /// <summary>Disposes the message, if the code under test has not.</summary>
    public void Dispose() => Message.Dispose();
}
