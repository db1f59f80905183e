using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>The short way up for what is published, which may lie in memory that many read.</content>
internal sealed partial class Link
{
    /// <summary>Heads up to this length are remembered.</summary>
    private const int LongestKnownHead = 64;

    private byte[]? _knownHead;
    private int _knownHeadLength = -1;

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
        if (!IsKnown(message.Head) || !input.TryPass(body.Length))
        {
            message.Release(message.Version, null);
            return null;
        }

        _takenInRow++;
        _receives.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();

        return message;
    }

    /// <summary>The next message, if it has been seen in the memory that many read, and is like the one before it. As <see cref="TryPullPlain"/>.</summary>
    private MessageCore? TryPullAsBefore(MessageCore resident, BroadcastInput broadcasts)
    {
        int headLength = _knownHeadLength;
        if (headLength < 0 || !resident.IsPlainlyBack(0) || !broadcasts.TryTakePublished(_knownHead.AsSpan(0, headLength), _window.Acknowledged, resident.Own, out int length))
        {
            return null;
        }

        resident.ReusePublished(headLength, length);
        _hasLingered = false;
        _takenInRow++;
        _receives.ReceiveAndConsume(length);
        return resident;
    }

    /// <summary>Whether a head says nothing that is to be looked at: as that of the message before, mostly.</summary>
    private bool IsKnown(ReadOnlySpan<byte> head)
    {
        if (head.Length == _knownHeadLength && head.SequenceEqual(_knownHead.AsSpan(0, head.Length)))
        {
            return true;
        }

        if (!HeadReader.IsWellFormed(head, out _) || HeadReader.TryGet(head, HeadField.Missed, out ulong _) || !HeadReader.HasTopic(head))
        {
            return false;
        }

        if (head.Length <= LongestKnownHead)
        {
            head.CopyTo(_knownHead ??= new byte[LongestKnownHead]);
            _knownHeadLength = head.Length;
        }

        return true;
    }
}
