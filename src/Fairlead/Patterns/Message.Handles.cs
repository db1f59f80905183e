using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fairlead;

/// <content>The open file that arrived with a message.</content>
public readonly partial struct Message
{
    /// <summary>Whether an open file, socket or pipe arrived with the message and has not been taken yet.</summary>
    public bool HasHandle => Core.HasFile;

    /// <summary>Takes the open file, socket or pipe that arrived with the message. The caller disposes it.</summary>
    /// <remarks>
    /// The handle (see <see cref="Sender.SendHandleAsync"/>) is a descriptor of this process with close-on-exec set. Disposing the message
    /// closes a handle that was not taken.
    /// </remarks>
    /// <exception cref="InvalidOperationException">No handle arrived with the message, or it has been taken.</exception>
    public SafeFileHandle TakeHandle() => TakeHandle<SafeFileHandle>();

    /// <summary>Takes the handle of the message as another kind of handle. The caller disposes it.</summary>
    /// <remarks>
    /// Use <see cref="System.Net.Sockets.SafeSocketHandle"/> for a <see cref="System.Net.Sockets.Socket"/>, and
    /// <see cref="SafePipeHandle"/> for a pipe.
    /// </remarks>
    /// <inheritdoc cref="TakeHandle()" path="/exception"/>
    public T TakeHandle<T>()
        where T : SafeHandle, new()
    {
        T handle = new();
        if (!Core.TryTakeFile(out int number))
        {
            handle.Dispose();
            throw new InvalidOperationException("No handle came with this message, or it has been taken.");
        }

        Marshal.InitHandle(handle, number);
        return handle;
    }
}
