using System.Buffers;

namespace Fairlead.Cli.Processes;

/// <summary>
/// The output of a command, in pieces of rented memory: it grows without copying, and is returned when the answer has been handed on.
/// </summary>
/// <param name="most">The most bytes that it takes.</param>
internal sealed class CollectedOutput(int most) : IDisposable
{
    /// <summary>The usual limit: a peer takes no longer message over a network either.</summary>
    public const int UsualMost = 16 * 1024 * 1024;

    private const int PieceSize = 64 * 1024;

    private readonly List<byte[]> _pieces = [];
    private int _lastLength = PieceSize;
    private Task _filling = Task.CompletedTask;

    private long Length => ((_pieces.Count - 1L) * PieceSize) + _lastLength;

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="FairleadException">TooLarge: it is longer than the limit. The rest is unread.</exception>
    public Task FillAsync(Stream stream, CancellationToken cancellationToken) => _filling = ReadToEndAsync(stream, cancellationToken);

    /// <summary>Returns the output so far, valid until <see cref="Dispose"/>.</summary>
    /// <param name="withoutNewline">Whether to leave out a final newline.</param>
    public ReadOnlySequence<byte> Content(bool withoutNewline)
    {
        Piece? first = null;
        Piece? last = null;
        for (var i = 0; i < _pieces.Count; i++)
        {
            last = new Piece(_pieces[i].AsMemory(0, i == _pieces.Count - 1 ? _lastLength : PieceSize), last);
            first ??= last;
        }

        if (first is null)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        ReadOnlySequence<byte> all = new(first, 0, last!, last!.Memory.Length);
        return withoutNewline && Length > 0 && all.Slice(Length - 1).FirstSpan[0] == '\n' ? all.Slice(0, Length - 1) : all;
    }

    public void Dispose()
    {
        // An abandoned read may still write into the last piece: leave the memory to the garbage collector then.
        if (_filling.IsCompleted)
        {
            foreach (var piece in _pieces)
            {
                ArrayPool<byte>.Shared.Return(piece);
            }

            _pieces.Clear();
            _lastLength = PieceSize;
        }
    }

    private async Task ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_lastLength == PieceSize)
            {
                _pieces.Add(ArrayPool<byte>.Shared.Rent(PieceSize));
                _lastLength = 0;
            }

            var count = await stream.ReadAsync(_pieces[^1].AsMemory(_lastLength, PieceSize - _lastLength), cancellationToken);
            if (count == 0)
            {
                return;
            }

            _lastLength += count;
            if (Length > most)
            {
                throw new FairleadException(
                    ErrorCode.TooLarge, $"the command wrote more than {most} bytes and was killed", "Raise --max-output.");
            }
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
