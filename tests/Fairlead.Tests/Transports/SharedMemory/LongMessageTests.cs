using System.Runtime.InteropServices;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Messages that are much longer than the ring, which they pass in pieces.</summary>
[FullRun(Reason.Repeats)]
public sealed class LongMessageTests : IDisposable
{
    private const int Longest = 1 << 30;

    private readonly Receiver _receiver = Receiver.Bind($"shm://long-{Guid.NewGuid():N}");
    private readonly Sender _sender;

    public LongMessageTests() => _sender = Sender.Connect(_receiver.Address);

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    [Fact]
    public void Messages_of_lengths_around_the_ring_capacity_arrive_intact()
    {
        const int Ring = 2 * 1024 * 1024;
        foreach (int length in new[]
            {
                0,
                1,
                2_047,
                2_048,
                64 * 1024,
                (Ring / 2) - 17,
                (Ring / 2) - 16,
                (Ring / 2) - 15,
                Ring - 16,
                Ring,
                Ring + 1,
                3 * Ring,
                20 * Ring,
            })
        {
            Pass(length);
        }
    }

    [RoomyFact(gibibytes: 6)]
    public void A_message_of_a_gibibyte_passes_intact() => Pass(Longest);

    private void Pass(int length)
    {
        byte[] sent = GC.AllocateUninitializedArray<byte>(length);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(sent.AsSpan());
        for (int i = 0; i < words.Length; i++)
        {
            // An odd step: a misplaced piece shows.
            words[i] = (ulong)i * 0x9E37_79B9_7F4A_7C15;
        }

        sent.AsSpan(words.Length * sizeof(ulong)).Fill(1);
        Thread sending = new(() => _sender.Send(sent));
        sending.Start();
        using (Message received = _receiver.Receive())
        {
            Assert.Equal(length, received.Length);
            Assert.True(received.Span.SequenceEqual(sent), $"A message of {length} bytes was altered.");
        }

        sending.Join();
    }
}
