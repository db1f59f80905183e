using System.Diagnostics;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>Handles between processes of two users.</summary>
public sealed class OtherUserTests
{
    private readonly string _name = $@"Global\{Waiters.Name()}-{Environment.ProcessId}";

    [RootFact]
    public async Task A_global_object_is_accessible_to_all_users()
    {
        using Semaphore semaphore = new(1, 1, _name);
        using PeerProcess other = await OfOtherAsync("open", "semaphore", _name);
        await other.SaysAsync("opened");
        await other.EndAsync();
    }

    [RootFact]
    public async Task An_object_for_the_current_user_is_denied_to_another()
    {
        NamedWaitHandleOptions options = new() { CurrentSessionOnly = false, CurrentUserOnly = true };
        using (new Semaphore(1, 1, _name, options))
        {
            using PeerProcess other = await OfOtherAsync("open", "semaphore", _name);
            await other.SaysAsync(nameof(UnauthorizedAccessException));
            await other.EndAsync();
        }

        using PeerProcess creator = await OfOtherAsync("open", "semaphore", _name);
        await creator.SaysAsync("created");
        Assert.Throws<UnauthorizedAccessException>(() => new Semaphore(1, 1, _name, options));
        Assert.Throws<UnauthorizedAccessException>(() => Semaphore.OpenExisting(_name, options));
        Semaphore.OpenExisting(_name).Dispose();

        // The file of a dead object of another user is used anew, with its content gone.
        creator.Kill();
        using Semaphore next = new(3, 3, _name, out bool createdNew);
        Assert.True(createdNew);
        Assert.True(next.WaitOne(0));
        Assert.Equal(2, next.Release());
    }

    [RootFact]
    public async Task A_local_object_belongs_to_one_user()
    {
        string name = Waiters.Name();
        using Semaphore semaphore = new(1, 1, name);
        using PeerProcess other = await OfOtherAsync("open", "semaphore", name);
        await other.SaysAsync("created");
        await other.EndAsync();
    }

    private static async Task<PeerProcess> OfOtherAsync(params string[] arguments)
    {
        const string Nobody = "65534";

        // Not in the directories of the tests, which only this user may enter.
        string place = $"/tmp/fl-other-{Guid.NewGuid():N}";
        string make = $"install -d -m 755 {place} && cp -r \"$0\" {place}/bin && chmod -R a+rX {place}/bin"
            + $" && install -d -o {Nobody} -m 700 {place}/run";
        using Process made = Process.Start("sh", ["-c", make, PeerProcess.Folder]);
        await made.WaitForExitAsync();
        Assert.Equal(0, made.ExitCode);
        PeerProcess peer = PeerProcess.StartAs(Nobody, place, arguments);
        await peer.SaysAsync("ready");
        await peer.TellAsync("open");
        return peer;
    }
}
