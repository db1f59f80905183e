using System.Buffers;
using Fairlead.Conformance;

namespace Fairlead.Tests.Arguments;

/// <summary>A message of more bytes than 32 bits can count. It needs little memory: all its parts are the same memory.</summary>
public sealed class EnormousMessageTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Theory]
    [InlineData(1L << 31)]
    [InlineData(1L << 32)]
    [InlineData((1L << 32) + 5)]
    public async Task An_enormous_message_is_refused_with_and_without_a_peer(long length)
    {
        ReadOnlySequence<byte> enormous = Of(length);
        Sender alone = Track(Sender.Bind($"unix://enormous-{Guid.NewGuid():N}"));
        Receiver receiver = Track(Receiver.Bind($"unix://enormous-{Guid.NewGuid():N}"));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        foreach (Sender each in new[] { alone, sender })
        {
            Fails(ErrorCode.TooLarge, () => each.Send(enormous));
            Fails(ErrorCode.TooLarge, () => each.Deliver(enormous));
            await FailsAsync(ErrorCode.TooLarge, async () => await each.SendAsync(enormous));
            await FailsAsync(ErrorCode.TooLarge, async () => await each.DeliverAsync(enormous));
        }

        await sender.SendAsync("small"u8.ToArray());
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("small", message.Text);
    }

    private static ReadOnlySequence<byte> Of(long length)
    {
        byte[] part = new byte[1 << 24];
        Part first = new(part.AsMemory(0, (int)Math.Min(length, part.Length)), 0);
        Part last = first;
        while (last.End < length)
        {
            last = last.Append(part.AsMemory(0, (int)Math.Min(length - last.End, part.Length)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(ReadOnlyMemory<byte> memory, long before)
        {
            Memory = memory;
            RunningIndex = before;
        }

        public long End => RunningIndex + Memory.Length;

        public Part Append(ReadOnlyMemory<byte> memory)
        {
            Part next = new(memory, End);
            Next = next;
            return next;
        }
    }
}
