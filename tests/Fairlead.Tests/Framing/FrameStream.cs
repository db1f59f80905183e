using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Random messages, and their bytes on a stream under one framing. Created without the code under test.</summary>
internal sealed class FrameStream
{
    private FrameStream(List<(MessageHeader Header, byte[] Body)> messages, byte[] bytes)
    {
        Messages = messages;
        Bytes = bytes;
    }

    public List<(MessageHeader Header, byte[] Body)> Messages { get; }

    public byte[] Bytes { get; }

    public static StreamFraming FramingOf(string name) => name switch
    {
        "fairlead" => FairleadFraming.Instance,
        "line" => DelimitedFraming.Line,
        "nul" => DelimitedFraming.Nul,
        "length" => LengthFraming.Instance,
        _ => RawFraming.Instance,
    };

    /// <param name="framing">The name of the framing.</param>
    /// <param name="random">The source of sizes and contents.</param>
    /// <param name="longest">The largest size; most sizes are far smaller.</param>
    public static FrameStream Make(string framing, Random random, int longest)
    {
        List<(MessageHeader, byte[])> messages = [];
        using MemoryStream bytes = new();
        int count = random.Next(1, 200);
        long budget = 2L * longest;
        for (int i = 0; i < count && budget > 0; i++)
        {
            byte[] body = new byte[SizeFrom(random, longest)];
            budget -= body.Length;
            random.NextBytes(body);
            MessageHeader header = MessageHeader.Of(MessageKind.Send);
            header.Length = body.Length;
            switch (framing)
            {
                case "fairlead":
                    header.Kind = (MessageKind)random.Next(1, 15);
                    header.Flags = (MessageFlags)random.Next(8);
                    header.HeadLength = (ushort)random.Next(Math.Min(body.Length, ushort.MaxValue) + 1);
                    header.Id = (uint)random.NextInt64(1L << 32);
                    header.Ack = (uint)random.NextInt64(1L << 32);
                    bytes.Write(BigEndian((uint)body.Length));
                    bytes.Write([(byte)header.Kind, (byte)header.Flags, (byte)(header.HeadLength >> 8), (byte)header.HeadLength]);
                    bytes.Write(BigEndian(header.Id));
                    bytes.Write(BigEndian(header.Ack));
                    bytes.Write(body);
                    break;
                case "length":
                    bytes.Write(BigEndian((uint)body.Length));
                    bytes.Write(body);
                    break;
                default:
                    byte delimiter = framing == "line" ? (byte)'\n' : (byte)0;
                    body.AsSpan().Replace(delimiter, (byte)(delimiter + 1));
                    bytes.Write(body);

                    // The last one needs no delimiter at the end of the stream, unless it is empty.
                    if (i < count - 1 || body.Length == 0 || random.Next(2) == 0)
                    {
                        bytes.WriteByte(delimiter);
                    }
                    else
                    {
                        budget = 0;
                    }

                    break;
            }

            messages.Add((header, body));
        }

        return new FrameStream(messages, bytes.ToArray());
    }

    private static int SizeFrom(Random random, int longest) => random.Next(10) switch
    {
        0 => 0,
        1 => random.Next(longest + 1),
        2 => Math.Clamp(Chunk.PooledSize + random.Next(-40, 40), 0, longest),
        3 or 4 => random.Next(Math.Min(longest, 10_000) + 1),
        _ => random.Next(Math.Min(longest, 200) + 1),
    };

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
