using Microsoft.Win32.SafeHandles;

namespace Fairlead.TestPeer;

/// <summary>
/// The commands of what passes open files: <c>read</c> takes one and tells what stands in it, <c>pass PATH</c> sends one.
/// </summary>
internal static class OpenFiles
{
    public static Commands AddTo(Commands commands, Func<SafeFileHandle, ValueTask> send) => commands.On("pass", async words =>
    {
        using SafeFileHandle file = File.OpenHandle(words[0]);
        await send(file);
        return "";
    });

    public static Commands AddTo(Commands commands, Func<ValueTask<Message>> receive) => commands.On("read", async _ =>
    {
        using Message message = await receive();
        using FileStream file = new(message.TakeHandle(), FileAccess.Read);
        using StreamReader text = new(file);
        return await text.ReadToEndAsync();
    });
}
