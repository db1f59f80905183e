using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>A message that arrives together with its cancellation, as at a receiver that has not read for long.</summary>
public sealed class CancelledOnArrivalTests
{
    private const byte Recall = 8;

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, Recall)]
    public async Task A_message_cancelled_on_arrival_is_not_handed_to_a_waiting_receiver(byte kind, byte flags)
    {
        UnixNameUnderTest transport = new();
        await using Receiver receiver = await Receiver.BindAsync(transport.NewPlace());
        using RawPeer raw = RawPeer.Introduce(transport, receiver.Address, "Sender");
        Task<Message> receiving = receiver.ReceiveAsync().AsTask();

        raw.SendBytes([
            .. Frame(1, kind, 0, "a"),
            .. Frame(2, kind, 0, "b"),
            .. Frame(1, 7, flags, ""),
            .. Frame(2, 7, flags, ""),
            .. Frame(0, 1, 0, "yes"),
        ]);

        using Message message = await receiving;
        Assert.Equal("yes", message.Text);
        Assert.False(receiver.TryReceive(out _));
        for (uint id = 1; flags == Recall && id <= 2; id++)
        {
            // Recalled, with certainty.
            (byte Kind, byte Flags, byte[] Body)? answer;
            do
            {
                // Acknowledgements in between.
                answer = raw.Read();
            }
            while (answer is { Kind: 11 });
            Assert.Equal((3, "02"), (answer!.Value.Kind, Convert.ToHexString(answer.Value.Body)));
        }
    }

    private static byte[] Frame(byte id, byte kind, byte flags, string text) =>
        [0, 0, 0, (byte)text.Length, kind, flags, 0, 0, 0, 0, 0, id, 0, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes(text)];
}
