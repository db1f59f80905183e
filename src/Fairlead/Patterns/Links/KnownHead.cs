using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The head of the message before, which said nothing that the link has to look at: what is published next mostly has the same. By the
/// pump, or under the endpoint's gate while nobody pumps.
/// </summary>
internal struct KnownHead
{
    /// <summary>Heads up to this length are remembered.</summary>
    private const int Longest = 64;

    // The length plus one, so that nothing is known at first.
    private int _lengthAndOne;
    private byte[]? _head;

    /// <summary>Whether there is one.</summary>
    public readonly bool Any => _lengthAndOne > 0;

    /// <summary>What it is, where there is one.</summary>
    public readonly ReadOnlySpan<byte> Head => _head.AsSpan(0, _lengthAndOne - 1);

    /// <summary>Whether a head says nothing that is to be looked at; remembers it.</summary>
    public bool IsPlain(ReadOnlySpan<byte> head)
    {
        if (Any && head.SequenceEqual(Head))
        {
            return true;
        }

        if (!HeadReader.IsWellFormed(head, out _) || HeadReader.TryGet(head, HeadField.Missed, out ulong _) || !HeadReader.HasTopic(head))
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
