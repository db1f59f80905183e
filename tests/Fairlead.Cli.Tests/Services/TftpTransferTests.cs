using System.Buffers.Binary;
using System.Text;
using Fairlead.Cli.Services.Tftp;

namespace Fairlead.Cli.Tests.Services;

/// <summary>A transfer of RFC 1350 between two state machines: packets are lost and doubled, and the clock is a variable.</summary>
public sealed class TftpTransferTests
{
    private TimeSpan _now;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(511, 1)]
    [InlineData(512, 2)]
    [InlineData(5000, 10)]
    public void Each_block_is_sent_once_and_the_last_is_shorter(int length, int blocks)
    {
        var content = Bytes(length);
        using TftpTransfer transfer = new(new TftpContent(new MemoryStream(content), isNetascii: false));
        using MemoryStream got = new();
        var sent = 0;
        for (var isSent = transfer.Begin(_now); isSent; isSent = transfer.Receive(Acknowledgement(NumberOf(transfer)), _now))
        {
            sent++;
            got.Write(transfer.Packet.Span[TftpPacket.HeaderLength..]);
        }

        Assert.Equal(blocks, sent);
        Assert.Equal(content, got.ToArray());
        Assert.True(transfer is { IsOver: true, Failure: null });
        Assert.Equal(length, transfer.Acknowledged);
    }

    [Fact]
    public void Duplicate_and_late_acknowledgements_repeat_no_block()
    {
        using TftpTransfer transfer = new(new TftpContent(new MemoryStream(Bytes(100 * TftpPacket.BlockLength)), isNetascii: false));
        Assert.True(transfer.Begin(_now));
        var sent = 1;
        while (!transfer.IsOver)
        {
            var number = NumberOf(transfer);
            for (var i = 0; i < 2; i++)
            {
                sent += transfer.Receive(Acknowledgement(number), _now) ? 1 : 0;
                Assert.False(transfer.Receive(Acknowledgement((ushort)(number - 1)), _now));
            }
        }

        Assert.Equal(101, sent);
    }

    [Fact]
    public void A_transfer_completes_although_every_third_packet_is_lost()
    {
        var content = Bytes(200 * TftpPacket.BlockLength + 7);
        using TftpTransfer transfer = new(new TftpContent(new MemoryStream(content), isNetascii: false));
        using MemoryStream got = new();
        int datagrams = 0, sent = 1;
        ushort expected = 1;
        Assert.True(transfer.Begin(_now));
        while (!transfer.IsOver)
        {
            if (IsLost(ref datagrams))
            {
                Wait();
                continue;
            }

            // The client acknowledges a block that it has already, too.
            if (NumberOf(transfer) == expected)
            {
                got.Write(transfer.Packet.Span[TftpPacket.HeaderLength..]);
                expected++;
            }

            if (IsLost(ref datagrams))
            {
                Wait();
            }
            else if (transfer.Receive(Acknowledgement((ushort)(expected - 1)), _now))
            {
                sent++;
            }
        }

        Assert.Equal(content, got.ToArray());
        Assert.Null(transfer.Failure);
        Assert.InRange(sent, 201, 201 * 3);

        void Wait()
        {
            Assert.False(transfer.OnTime(transfer.Deadline - TimeSpan.FromTicks(1)));
            _now = transfer.Deadline;
            Assert.True(transfer.OnTime(_now));
            sent++;
        }
    }

    [Fact]
    public void A_transfer_ends_when_the_client_stops_answering()
    {
        using TftpTransfer transfer = new(new TftpContent(new MemoryStream(Bytes(5000)), isNetascii: false));
        Assert.True(transfer.Begin(_now));
        for (var i = 1; i < TftpTransfer.MostTries; i++)
        {
            _now = transfer.Deadline;
            Assert.True(transfer.OnTime(_now));
        }

        _now = transfer.Deadline;
        Assert.False(transfer.OnTime(_now));
        Assert.True(transfer is { IsOver: true, Failure: "the client does not answer" });
        Assert.Equal(TimeSpan.FromSeconds(31), _now);
    }

    [Fact]
    public void Block_numbers_continue_with_0()
    {
        // As tftp-hpa counts.
        var blocks = 65_536 + 3;
        using TftpTransfer transfer = new(new TftpContent(new Zeros((blocks - 1L) * TftpPacket.BlockLength), isNetascii: false));
        var sent = 0;
        for (var isSent = transfer.Begin(_now); isSent; isSent = transfer.Receive(Acknowledgement((ushort)sent), _now))
        {
            sent++;
            Assert.Equal((ushort)sent, NumberOf(transfer));
        }

        Assert.Equal(blocks, sent);
        Assert.Equal((blocks - 1L) * TftpPacket.BlockLength, transfer.Acknowledged);
    }

    [Fact]
    public void Netascii_has_CR_LF_and_CR_NUL_also_across_blocks()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(static i => i % 3 == 0 ? "\n" : i % 3 == 1 ? "\r" : "ab"));
        using TftpTransfer transfer = new(new TftpContent(new MemoryStream(Encoding.ASCII.GetBytes(text)), isNetascii: true));
        StringBuilder got = new();
        for (var isSent = transfer.Begin(_now); isSent; isSent = transfer.Receive(Acknowledgement(NumberOf(transfer)), _now))
        {
            got.Append(Encoding.ASCII.GetString(transfer.Packet.Span[TftpPacket.HeaderLength..]));
        }

        Assert.Equal(text.Replace("\r", "\r\0", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal), got.ToString());
    }

    [Fact]
    public void A_transfer_ends_silently_on_an_error_packet_and_with_an_error_on_other_packets()
    {
        using TftpTransfer told = new(new TftpContent(new MemoryStream(Bytes(5000)), isNetascii: false));
        told.Begin(_now);
        Assert.False(told.Receive(TftpPacket.ErrorOf(TftpError.Other, "disk full"), _now));
        Assert.True(told.IsOver);

        using TftpTransfer confused = new(new TftpContent(new MemoryStream(Bytes(5000)), isNetascii: false));
        confused.Begin(_now);
        Assert.True(confused.Receive([0, 3, 0, 1], _now));
        Assert.Equal(TftpPacket.Error, TftpPacket.KindOf(confused.Packet.Span));
        Assert.True(confused.IsOver);
    }

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7 / 3))];

    private static byte[] Acknowledgement(ushort number) => [0, 4, (byte)(number >> 8), (byte)number];

    private static ushort NumberOf(TftpTransfer transfer) => BinaryPrimitives.ReadUInt16BigEndian(transfer.Packet.Span[2..]);

    private static bool IsLost(ref int datagrams) => ++datagrams % 3 == 0;

    /// <summary>A long file without memory.</summary>
    private sealed class Zeros(long length) : MemoryStream
    {
        private long _left = length;

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            _left -= count;
            return count;
        }
    }
}
