using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Messages that a user still holds: each must stay unchanged until it is released, in any order.</summary>
internal sealed class HeldLeases(Random random, int most)
{
    private readonly List<(Incoming Message, byte[] Expected)> _held = [];

    public void Add(in Incoming message, byte[] expected)
    {
        Check(message, expected);
        _held.Add((message, expected));
        while (_held.Count > random.Next(most + 1))
        {
            GiveBackOne();
        }
    }

    public void GiveBackAll()
    {
        while (_held.Count > 0)
        {
            GiveBackOne();
        }
    }

    private void GiveBackOne()
    {
        int at = random.Next(_held.Count);
        (Incoming message, byte[] expected) = _held[at];
        _held[at] = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        Check(message, expected);
        message.Release();
    }

    private static void Check(in Incoming message, byte[] expected) =>
        Assert.True(
            message.Body.Span.SequenceEqual(expected),
            $"a message of {expected.Length} bytes has changed, or has come as {message.Body.Length} others");
}
