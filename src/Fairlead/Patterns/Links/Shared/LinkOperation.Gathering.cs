using System.Buffers;

namespace Fairlead.Patterns.Links.Shared;

/// <content>
/// A payload of several parts. The parts are copied directly to the message's place. Only if that is not possible are they first joined in
/// rented memory.
/// </content>
internal sealed partial class LinkOperation
{
    private ReadOnlySequence<byte> _parts;
    private int _partsLength;

    /// <summary>The length of the payload in bytes, in one piece or in parts.</summary>
    public int PayloadLength => _partsLength > 0 ? _partsLength : Payload.Length;

    /// <summary>Whether the payload is in one piece.</summary>
    public bool IsWhole => _partsLength == 0;

    /// <summary>Copies the payload, in one piece or in parts.</summary>
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

    /// <summary>Borrows a payload that allows it, and that must stay in place until the operation ends.</summary>
    public void Borrow(in OutgoingPayload payload)
    {
        if (payload.IsGathered)
        {
            _partsLength = payload.Length;
            _parts = payload.Parts;
        }
        else
        {
            Payload = payload.Memory;
        }
    }

    /// <summary>Borrows memory, which must stay in place until the operation ends.</summary>
    public void Borrow(ReadOnlyMemory<byte> payload) => Payload = payload;

    /// <summary>Joins the parts in rented memory, for writing from the payload or for reading it. Freed like the operation's
    /// copy.</summary>
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
