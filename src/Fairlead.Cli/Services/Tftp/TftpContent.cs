namespace Fairlead.Cli.Services.Tftp;

/// <summary>The bytes of a file as they travel: as they are, or as netascii, in which a line ends with CR LF, and a CR is CR NUL.</summary>
/// <param name="file">The file, which is disposed with this.</param>
/// <param name="isNetascii">Whether the bytes are converted.</param>
internal sealed class TftpContent(Stream file, bool isNetascii) : IDisposable
{
    private readonly byte[] _buffer = new byte[TftpPacket.BlockLength];
    private int _next;
    private int _end;
    private byte? _second;

    /// <summary>Fills a block; it is shorter only at the end of the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public int Fill(Span<byte> block) => isNetascii ? FillText(block) : file.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);

    public void Dispose() => file.Dispose();

    private int FillText(Span<byte> block)
    {
        for (var count = 0; count < block.Length; count++)
        {
            if (_second is { } second)
            {
                (block[count], _second) = (second, null);
            }
            else if (Next() is { } value)
            {
                (block[count], _second) = value switch
                {
                    (byte)'\n' => ((byte)'\r', (byte)'\n'),
                    (byte)'\r' => ((byte)'\r', (byte)0),
                    _ => (value, default(byte?)),
                };
            }
            else
            {
                return count;
            }
        }

        return block.Length;
    }

    private byte? Next()
    {
        if (_next == _end)
        {
            (_next, _end) = (0, file.Read(_buffer));
        }

        return _next < _end ? _buffer[_next++] : null;
    }
}
