using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fairlead;

/// <content>An open file that came with the message.</content>
public readonly partial struct Message
{
    /// <summary>Whether an open file, socket or pipe came with it, and nobody has taken it yet.</summary>
    public bool HasHandle => Core.HasFile;

    /// <summary>
    /// Takes the open file, socket or pipe that came with the message (<see cref="Sender.SendHandleAsync"/>): a descriptor of this process,
    /// closed on exec, that the caller disposes. What is not taken is closed when the message is disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">None came, or it has been taken.</exception>
    public SafeFileHandle TakeHandle() => TakeHandle<SafeFileHandle>();

    /// <summary>
    /// The same as another kind of handle: <see cref="System.Net.Sockets.SafeSocketHandle"/> for a <see cref="System.Net.Sockets.Socket"/>,
    /// <see cref="SafePipeHandle"/> for a pipe.
    /// </summary>
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
