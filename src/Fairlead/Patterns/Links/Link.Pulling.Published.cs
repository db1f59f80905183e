using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>The short way up for what is published, which may lie in memory that many read.</content>
internal sealed partial class Link
{
    private KnownHead _knownHead;

    /// <summary>As <see cref="TryPull"/>. That the publisher has not written over what was copied is known at the end, and all before it may be wrong till then.</summary>
    private MessageCore? TryPullPublished(MemoryInput input)
    {
        if (!input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _takenInRow = _hasLingered ? 0 : _takenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;
        if (header.Kind != MessageKind.Publish || header.HeadLength > body.Length || !_endpoint.Profile.Accepts(header.Kind) || header.Ack != _window.Acknowledged)
        {
            return null;
        }

        MessageCore message = _inHand.Keep(header, body);
        if (!_knownHead.IsPlain(message.Head) || !input.TryPass(body.Length))
        {
            message.Release(message.Version, null);
            return null;
        }

        _takenInRow++;
        _inbound.Window.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();
        return message;
    }

    /// <summary>The next message, if it has been seen in the memory that many read, and is like the one before it. As <see cref="TryPullPlain"/>.</summary>
    private MessageCore? TryPullAsBefore(MessageCore resident, BroadcastInput broadcasts)
    {
        if (!_knownHead.Any || !resident.IsPlainlyBack(0) || !broadcasts.TryTakePublished(_knownHead.Head, _window.Acknowledged, resident.Own, out int length))
        {
            return null;
        }

        resident.ReusePublished(_knownHead.Head.Length, length);
        _hasLingered = false;
        _takenInRow++;
        _inbound.Window.ReceiveAndConsume(length);
        return resident;
    }
}
