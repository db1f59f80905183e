using System.Text;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Output;

/// <summary>
/// Stderr. Writing to it never fails: a closed descriptor or a full disk loses the text, not the work, and the exit code keeps its meaning.
/// All messages of the tool pass through here.
/// </summary>
internal static class StandardError
{
    private const int Descriptor = 2;

    private static readonly Lock Gate = new();
    private static bool? _isOpen;
    private static Stream? _stream;

    /// <summary>Opens stderr now. Opening it needs a descriptor, which a server may not have when it has to report just that.</summary>
    public static void Open() => Write("");

    /// <summary>Writes a text as it is, with or without a newline, in one piece beside other threads.</summary>
    public static void Write(string text)
    {
        lock (Gate)
        {
            if (!(_isOpen ??= InheritedDescriptor.IsOpen(Descriptor)))
            {
                return;
            }

            try
            {
                _stream ??= Console.OpenStandardError();
                _stream.Write(Encoding.UTF8.GetBytes(text));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // There is no other place to report it. The next text is tried again: a disk may have space by then.
            }
        }
    }
}
