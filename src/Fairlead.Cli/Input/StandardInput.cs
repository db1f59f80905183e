using Fairlead.Cli.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Input;

/// <summary>
/// Stdin as bytes. A read that blocks does so on a thread of its own, so that Ctrl-C, or a peer that goes, ends the wait; the thread then
/// ends with the process.
/// </summary>
internal sealed class StandardInput
{
    private const int Descriptor = 0;

    private readonly Stream _stream = Open();

    /// <summary>At least one byte, or 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Cancelled, the read goes on and may still take something: so into memory that nobody else has.
        var read = Task.Run(() => _stream.Read(buffer.Span), CancellationToken.None);
        return await read.WaitAsync(cancellationToken);
    }

    /// <exception cref="ToolException">The starter of this process closed it (<c>&lt;&amp;-</c>).</exception>
    public static void ThrowIfClosed()
    {
        if (!InheritedDescriptor.IsOpen(Descriptor))
        {
            throw new ToolException(ExitCode.Failure, "stdin cannot be read: it is closed. For empty input: < /dev/null");
        }
    }

    /// <summary>
    /// As for stdout: the file position belongs to the shell as well, so a file is read by read(2); a terminal is read as it is, without
    /// the console's line editor.
    /// </summary>
    private static Stream Open()
    {
        ThrowIfClosed();
        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? Console.OpenStandardInput() : stream;
    }
}
