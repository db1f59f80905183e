using System.Text;

namespace Fairlead.Cli.Chat;

/// <summary>
/// A talk in turns over one FIFO, as C programs hold it: a side opens it for writing, writes a line and closes it. Then it opens it for
/// reading, reads until the other side closes it, and so on.
/// </summary>
/// <param name="path">The FIFO.</param>
/// <param name="screen">The place where a person types and reads.</param>
/// <param name="most">The bytes that the other side reads with one call, with which a line, its newline and its NUL must do.</param>
/// <param name="fills">Whether each line is written as a whole block of that size.</param>
internal sealed class TurnTalk(string path, IChatScreen screen, int most, bool fills)
{
    /// <summary>The buffer of most programs of this kind.</summary>
    public const int UsualBlock = 80;

    private static readonly byte[] End = "\n\0"u8.ToArray();

    /// <summary>Talks until a side leaves.</summary>
    /// <param name="isFirst">Whether this side writes first.</param>
    /// <param name="cancellationToken">Ctrl-C. A side whose turn it is still says <c>end</c>.</param>
    public async Task<int> RunAsync(bool isFirst, CancellationToken cancellationToken)
    {
        int? code = null;
        for (var writes = isFirst; code is null; writes = !writes)
        {
            code = writes ? await SpeakAsync(cancellationToken) : await HearAsync(cancellationToken);
        }

        return code.Value;
    }

    /// <summary>Writes one line. Returns the exit code when the talk is over.</summary>
    private async Task<int?> SpeakAsync(CancellationToken cancellationToken)
    {
        // Opened before the line is typed, as C programs do: a side that ends, or waits to read, then knows of the other.
        using var writer = await OnThreadAsync(() => Open(FileAccess.Write), cancellationToken);
        if (screen.IsInteractive)
        {
            screen.Show("* your turn");
        }

        byte[]? block;
        try
        {
            block = await TypedAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Write(writer, BlockOf("end"u8));
            throw;
        }

        var isWritten = await OnThreadAsync(() => Write(writer, block ?? BlockOf("end"u8)), cancellationToken);
        if (block is null)
        {
            return ExitCode.Ok;
        }

        if (isWritten)
        {
            return null;
        }

        screen.Show("* the line was not sent: the other side has left");
        return ExitCode.PeerGone;
    }

    /// <summary>Returns the next line as it is written, or null when this side leaves.</summary>
    private async Task<byte[]?> TypedAsync(CancellationToken cancellationToken)
    {
        while (await screen.ReadAsync(cancellationToken) is { } line && ChatLine.Parse(line).Verb != ChatVerb.Leave)
        {
            var text = Encoding.UTF8.GetBytes(line);
            if (text.Length + End.Length > most)
            {
                screen.Show($"* the line was not sent: it is longer than {most - End.Length} bytes");
            }
            else if (text.Length > 0)
            {
                return BlockOf(text);
            }
        }

        return null;
    }

    private byte[] BlockOf(ReadOnlySpan<byte> text)
    {
        var block = new byte[fills ? most : text.Length + End.Length];
        text.CopyTo(block);
        End.CopyTo(block.AsSpan(text.Length));
        return block;
    }

    /// <summary>Shows what the other side writes in its turn. Returns the exit code when the talk is over.</summary>
    private async Task<int?> HearAsync(CancellationToken cancellationToken)
    {
        var heard = await OnThreadAsync(ReadTurn, cancellationToken);
        if (heard.Length == 0)
        {
            screen.Show("* the other side has left without a word");
            return ExitCode.PeerGone;
        }

        // Behind the NUL stands the rest of an older line. Shells write lines without a NUL.
        var text = heard.AsMemory(0, heard.AsSpan().IndexOf((byte)0) is >= 0 and var end ? end : heard.Length);
        while (!text.IsEmpty)
        {
            var length = text.Span.IndexOf((byte)'\n') is >= 0 and var newline ? newline : text.Length;
            var line = ChatText.Of(text.Span[..length]);
            text = text[Math.Min(length + 1, text.Length)..];
            if (line == "end")
            {
                screen.Show("* the other side has left");
                return ExitCode.Ok;
            }

            if (line.Length > 0)
            {
                screen.Show(line);
            }
        }

        return null;
    }

    /// <summary>Reads all that the other side writes before it closes the FIFO. A rest would pass for the next line.</summary>
    private byte[] ReadTurn()
    {
        using var reader = Open(FileAccess.Read);
        using var heard = new MemoryStream();
        var buffer = new byte[4096];
        while (reader.Read(buffer) is > 0 and var count)
        {
            heard.Write(buffer, 0, (int)Math.Min(count, ChatText.MostBytes - heard.Length));
        }

        return heard.ToArray();
    }

    private FileStream Open(FileAccess access) =>
        new(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>Returns false if the other side has closed its end.</summary>
    private static bool Write(FileStream writer, byte[] block)
    {
        try
        {
            writer.Write(block);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Runs a call that blocks until the other side opens, reads or writes. Ctrl-C leaves it, and the process ends.</summary>
    private static Task<T> OnThreadAsync<T>(Func<T> call, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken);
}
