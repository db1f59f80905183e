namespace Fairlead.Cli.Services.Tftp;

/// <summary>
/// One file on its way to one client: a block, its acknowledgement, the next block. It knows neither sockets nor clocks.
/// </summary>
/// <remarks>
/// Only the time-out sends a block again. If a doubled acknowledgement did so too, each later block would travel twice (the sorcerer's
/// apprentice). Block numbers continue with 0 after 65,535, which many clients understand.
/// </remarks>
/// <param name="content">The bytes of the file, which are disposed with this.</param>
internal sealed class TftpTransfer(TftpContent content) : IDisposable
{
    /// <summary>How often a block is sent before its client is given up.</summary>
    public const int MostTries = 5;

    /// <summary>The wait for the first acknowledgement of a block. It doubles with each further try.</summary>
    public static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);

    private readonly byte[] _block = new byte[TftpPacket.HeaderLength + TftpPacket.BlockLength];
    private TimeSpan _patience;
    private ushort _number;
    private bool _isLast;
    private int _tries;

    /// <summary>The packet to send, when a call has returned true.</summary>
    public ReadOnlyMemory<byte> Packet { get; private set; }

    /// <summary>The moment of <see cref="OnTime"/>.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <summary>Whether nothing more is expected of the client.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Why it has ended before its time; null if the client has acknowledged all.</summary>
    public string? Failure { get; private set; }

    /// <summary>The bytes that were acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Whether all has been sent, and perhaps only the last acknowledgement was lost.</summary>
    public bool IsLastSent => _isLast;

    /// <summary>Prepares the first block.</summary>
    public bool Begin(TimeSpan now) => LoadNext(now);

    /// <summary>Takes a packet of the client. Returns whether there is a packet to send.</summary>
    public bool Receive(ReadOnlySpan<byte> packet, TimeSpan now)
    {
        if (IsOver)
        {
            return false;
        }

        if (TftpPacket.Acknowledged(packet) is { } number)
        {
            // Another number is that of an older block, whose acknowledgement came late or twice.
            if (number != _number)
            {
                return false;
            }

            Acknowledged += Packet.Length - TftpPacket.HeaderLength;
            if (!_isLast)
            {
                return LoadNext(now);
            }

            IsOver = true;
            return false;
        }

        if (TftpPacket.KindOf(packet) == TftpPacket.Error)
        {
            End("the client has ended it");
            return false;
        }

        return Fail(TftpError.Illegal, "only acknowledgements are expected here");
    }

    /// <summary>Called at the deadline. Returns whether there is a packet to send.</summary>
    public bool OnTime(TimeSpan now)
    {
        if (IsOver || now < Deadline)
        {
            return false;
        }

        if (_tries == MostTries)
        {
            End("the client does not answer");
            return false;
        }

        _patience *= 2;
        _tries++;
        Deadline = now + _patience;
        return true;
    }

    public void Dispose() => content.Dispose();

    private bool LoadNext(TimeSpan now)
    {
        int count;
        try
        {
            count = content.Fill(_block.AsSpan(TftpPacket.HeaderLength));
        }
        catch (IOException)
        {
            return Fail(TftpError.Other, "the file cannot be read");
        }

        _number++;
        TftpPacket.WriteDataHeader(_block, _number);
        Packet = _block.AsMemory(0, TftpPacket.HeaderLength + count);
        _isLast = count < TftpPacket.BlockLength;
        _patience = FirstPatience;
        _tries = 1;
        Deadline = now + _patience;
        return true;
    }

    private bool Fail(TftpError code, string text)
    {
        End(text);
        Packet = TftpPacket.ErrorOf(code, text);
        return true;
    }

    private void End(string why)
    {
        IsOver = true;
        Failure = why;
    }
}
