using Fairlead.Cli.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Input;

/// <summary>
/// Stdin as bytes. A separate thread blocks in a read: Ctrl-C, or the loss of a peer, can end the wait. The thread then ends with the
/// process.
/// </summary>
internal sealed class StandardInput
{
    private const int Descriptor = 0;

    private readonly Stream _stream = Open();

    /// <summary>Reads at least one byte; returns 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // After cancellation the read goes on and may still take bytes; no other code uses this memory.
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
    /// Opens stdin. As with stdout, the shell shares the file position, so a file is read by read(2). A terminal is read directly, without
    /// the line editor of the console.
    /// </summary>
    private static Stream Open()
    {
        ThrowIfClosed();
        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? Console.OpenStandardInput() : stream;
    }
}
