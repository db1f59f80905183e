using Fairlead.Conformance;
using Fairlead.NamedHandles.Tests.Places;
using Fairlead.NamedHandles.Tests.Threading;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.NamedHandles.Tests.Names;

/// <summary>
/// The lock under which named objects begin and end. Each test has a runtime directory of its own, so no other test waits.
/// </summary>
public sealed class ObjectDirectoryTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _runtime = Directory.CreateTempSubdirectory("fl-").FullName;

    private string LockPath => $"{_runtime}/fairlead/handles/.lock";

    public void Dispose() => Directory.Delete(_runtime, recursive: true);

    /// <summary>Otherwise two processes, each with the lock of another file, could begin one object at the same moment.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_whose_lock_file_is_replaced_while_it_waits_waits_for_the_owner_of_the_new_file(bool withFolder)
    {
        Descriptor old = Own();
        string before = OpenDescriptors.FileAt(LockPath);
        using PeerProcess opener = await PeerProcess.StartInAsync(_runtime, "ready", "open", "mutex", Waiters.Name());
        opener.GoOn();
        Wait(() => Opens(before, old));
        string folder = Path.GetDirectoryName(LockPath)!;
        if (withFolder)
        {
            Directory.Move(folder, $"{_runtime}/before");
        }
        else
        {
            File.Delete(LockPath);
        }

        Descriptor owner = Own();
        string after = OpenDescriptors.FileAt(LockPath);
        Task<string> answer = opener.LineAsync();
        old.Dispose();
        Wait(() => answer.IsCompleted || Opens(after, owner));
        Assert.False(answer.IsCompleted);
        owner.Dispose();
        Assert.Equal("created", await answer);
        await opener.EndAsync();

        // The opener waits for one owner for five seconds, and each owner sets the time of change.
        bool Opens(string file, Descriptor held)
        {
            File.SetLastWriteTimeUtc($"/proc/self/fd/{held.Number}", TimeProvider.System.GetUtcNow().UtcDateTime);
            return OpenDescriptors.OfFile(opener.Id, file) == 1;
        }
    }

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Waiters.Watchdog));

    private Descriptor Own()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LockPath)!, Private);
        File.SetUnixFileMode($"{_runtime}/fairlead", Private);
        Descriptor file = NativeFile.Open(LockPath, OpenFlags.ReadWrite | OpenFlags.Create, 0x180, out _)!;
        Assert.True(NativeFile.TryFlock(file));
        return file;
    }
}
