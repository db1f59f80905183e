using Fairlead.Framing;

namespace Fairlead.Patterns.Links.Direct;

/// <summary>Remembers the previous message's head if it needed no handling, because the next one usually has the same head.</summary>
/// <remarks>Used by the pump, or under the endpoint's gate while no thread pumps.</remarks>
internal struct KnownHead
{
    /// <summary>The longest head that is remembered.</summary>
    private const int Longest = 64;

    // The length plus one; 0 means that no head is known.
    private int _lengthAndOne;
    private byte[]? _head;

    /// <summary>Whether a head is known.</summary>
    public readonly bool Any => _lengthAndOne > 0;

    /// <summary>The known head. Only valid if there is one.</summary>
    public readonly ReadOnlySpan<byte> Head => _head.AsSpan(0, _lengthAndOne - 1);

    /// <summary>Returns whether a head needs no handling, and remembers it.</summary>
    public bool IsPlain(ReadOnlySpan<byte> head)
    {
        if (Any && head.SequenceEqual(Head))
        {
            return true;
        }

        if (!HeadReader.IsWellFormed(head, out _)
            || HeadReader.TryGet(head, HeadField.Missed, out ulong _)
            || HeadReader.TryGet(head, HeadField.Position, out ReadOnlySpan<byte> _)
            || !HeadReader.HasTopic(head))
        {
            return false;
        }

        if (head.Length <= Longest)
        {
            head.CopyTo(_head ??= new byte[Longest]);
            _lengthAndOne = head.Length + 1;
        }

        return true;
    }
}
