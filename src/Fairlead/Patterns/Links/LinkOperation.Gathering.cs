using System.Buffers;

namespace Fairlead.Patterns.Links;

/// <content>A payload in several parts. They stay apart until they are copied to where the message lies; only where that cannot be done
/// part by part are they joined, in rented memory.</content>
internal sealed partial class LinkOperation
{
    private ReadOnlySequence<byte> _parts;
    private int _partsLength;

    /// <summary>Bytes of the payload, whether it lies in one piece or not.</summary>
    public int PayloadLength => _partsLength > 0 ? _partsLength : Payload.Length;

    /// <summary>Copies the payload, whether it lies in one piece or not.</summary>
    public void CopyTo(Span<byte> destination)
    {
        if (_partsLength > 0)
        {
            _parts.CopyTo(destination);
        }
        else
        {
            Payload.Span.CopyTo(destination);
        }
    }

    /// <summary>
    /// The parts stay where they are until the operation has ended. Without any, nothing is done; a single one is a payload like any other.
    /// </summary>
    public void Borrow(in ReadOnlySequence<byte> parts)
    {
        if (parts.IsEmpty)
        {
            return;
        }

        if (parts.IsSingleSegment)
        {
            Payload = parts.First;
            return;
        }

        _partsLength = (int)parts.Length;
        _parts = parts;
    }

    /// <summary>
    /// What is written out of its own memory, or asked for its content, has to lie in one piece. The release is that of the operation's own
    /// copy.
    /// </summary>
    private void Join()
    {
        if (_partsLength > 0)
        {
            _copy = ArrayPool<byte>.Shared.Rent(_partsLength);
            _parts.CopyTo(_copy);
            int length = _partsLength;
            ForgetParts();
            Payload = _copy.AsMemory(0, length);
        }
    }

    private void ForgetParts()
    {
        _parts = default;
        _partsLength = 0;
    }
}
