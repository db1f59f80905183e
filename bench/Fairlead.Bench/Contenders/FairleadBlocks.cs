using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Long messages on Fairlead. Loaned: filled and read in place, each cache line. Copied: in from the sender's memory, and out into the
/// receiver's.
/// </summary>
/// <param name="capacity">The capacity that the receiver asks for; the ring has the next power of two above it.</param>
internal sealed class FairleadBlocks(string scheme, bool isLoaned, string capacity)
    : Contender<OneWaySender>(Naming.Of("Sender, blocking", scheme, isLoaned ? "loaned" : "copied"))
{
    private const int CacheLine = 64;

    private readonly string _options = Naming.Options("", capacity);

    public override void Serve(Session session, Action listening)
    {
        using var receiver = Receiver.Bind(session.AddressOf(scheme, _options));
        listening();
        byte[] copy = new byte[session.MessageSize];
        long due = 0;
        while (true)
        {
            using var message = receiver.Receive();
            if (isLoaned)
            {
                Touch(message.Span);
            }
            else
            {
                message.Span.CopyTo(copy);
            }

            if (Numbered.Check(message.Span, ref due))
            {
                message.Accept();
            }
        }
    }

    public override OneWaySender Connect(Session session) => new Client(Sender.Connect(session.AddressOf(scheme, _options)), isLoaned);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Touch(ReadOnlySpan<byte> message)
    {
        ulong sum = 0;
        for (int i = 0; i + sizeof(ulong) <= message.Length; i += CacheLine)
        {
            sum += BinaryPrimitives.ReadUInt64LittleEndian(message[i..]);
        }

        return sum;
    }

    private sealed class Client(Sender sender, bool isLoaned) : OneWaySender
    {
        public override void Send(ReadOnlySpan<byte> message)
        {
            if (!isLoaned)
            {
                sender.Send(message);
                return;
            }

            using var loan = sender.Loan(message.Length);
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(loan.Span);
            ulong number = message[0];
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = number + (ulong)i;
            }

            message[..Numbered.Size].CopyTo(loan.Span);
            loan.Send();
        }

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            if (sender.Deliver(message) is { IsDelivered: false } lost)
            {
                throw new IOException($"the last message was not delivered: {lost}");
            }
        }

        public override void Dispose() => sender.Dispose();
    }
}
