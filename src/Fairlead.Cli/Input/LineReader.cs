namespace Fairlead.Cli.Input;

/// <summary>Splits stdin into lines of bytes, and returns each as soon as its newline has arrived.</summary>
/// <param name="most">The longest line, in bytes.</param>
internal sealed class LineReader(int most = LineReader.Longest)
{
    // The buffer doubles beyond the longest line, and an array has at most 2 GiB.
    private const int Longest = 1 << 30;
    private const int FirstSize = 64 * 1024;

    private readonly StandardInput _input = new();
    private byte[] _buffer = new byte[FirstSize];
    private int _start;
    private int _scanned;
    private int _end;
    private bool _atEnd;

    /// <summary>How many lines have been returned.</summary>
    public long Count { get; private set; }

    /// <summary>
    /// Returns the next line without its newline, valid until the next call; null at the end. Text after the last newline is a line too.
    /// </summary>
    /// <exception cref="ToolException">Usage: the line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var newline = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var line = _buffer.AsMemory(_start, _scanned + newline - _start);
                ThrowIfTooLong(line.Length);
                _start = _scanned += newline + 1;
                Count++;
                return line;
            }

            _scanned = _end;
            ThrowIfTooLong(_end - _start);
            if (_atEnd)
            {
                var rest = _buffer.AsMemory(_start, _end - _start);
                _start = _end;
                Count += rest.IsEmpty ? 0 : 1;
                return rest.IsEmpty ? default(ReadOnlyMemory<byte>?) : rest;
            }

            MakeRoom();
            var count = await _input.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _atEnd = count == 0;
            _end += count;
        }
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _scanned = _end = 0;
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        var length = _end - _start;
        if (length > _buffer.Length / 2)
        {
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Array.MaxLength));
        }

        _buffer.AsSpan(_start, length).CopyTo(_buffer);
        _scanned -= _start;
        (_start, _end) = (0, length);
    }

    private void ThrowIfTooLong(int length)
    {
        if (length > most)
        {
            throw ToolException.Usage($"line {Count + 1} of stdin is longer than {most} bytes");
        }
    }
}
