using System.Globalization;
using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Maps;

/// <summary>Named maps of several processes.</summary>
[Collection(nameof(MapsAlone))]
public sealed class NamedMapProcessTests
{
    private static int Page => Environment.SystemPageSize;

    [Fact]
    public async Task Another_process_opens_the_map()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, 5000);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        view.Write(0, 1234L);
        using PeerProcess peer = PeerProcess.Start("map-open", name);
        await peer.SaysAsync(string.Create(CultureInfo.InvariantCulture, $"{2 * Page} 1234"));
        await peer.EndAsync();
    }

    [Fact]
    public async Task A_map_exists_while_another_process_has_it_open()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "map-create", name, "4096", "77");
        using (MemoryMappedFile map = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            Assert.Equal(77L, view.ReadInt64(0));
            peer.GoOn();
            await peer.SaysAsync("closed");
            Assert.Equal(77L, view.ReadInt64(0));
            using MemoryMappedFile again = NamedMemoryMaps.OpenExisting(name);
        }

        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        await peer.EndAsync();
    }

    [Fact]
    public async Task A_view_in_another_process_keeps_the_map_alive()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "map-view", name, "4096", "78");
        using (MemoryMappedFile map = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            Assert.Equal(78L, view.ReadInt64(0));
        }

        Assert.Throws<IOException>(() => NamedMemoryMaps.CreateNew(name, 4096));
        peer.GoOn();
        await peer.SaysAsync("closed");
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        await peer.EndAsync();
    }

    [Theory]
    [InlineData("map-create")]
    [InlineData("map-view")]
    public async Task The_map_of_a_killed_process_no_longer_exists(string role)
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", role, name, "4096", "79");
        await peer.KillAsync();
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, 4096);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        Assert.Equal(0L, view.ReadInt64(0));
    }

    [Fact]
    public async Task The_space_of_a_map_is_free_when_the_last_process_has_closed_it()
    {
        string name = PrivateRuntime.NewName();
        string part = name[..20].Replace(' ', '*');
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "map-view", name, "4096", "80");
        using (MemoryMappedFile map = NamedMemoryMaps.OpenExisting(name))
        {
            peer.GoOn();
            await peer.SaysAsync("closed");
            Assert.Single(Files());
        }

        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(1));
        while (Files().Length > 0)
        {
            watchdog.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        string[] Files() => Directory.GetFiles($"{PrivateRuntime.Folder}/handles", $"{part}*.map");
    }

    [Fact]
    public async Task One_of_eight_racing_processes_creates_the_map()
    {
        const int Processes = 8;
        const int Times = 100_000;
        string name = PrivateRuntime.NewName();
        PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(_ => PeerProcess.Start("map-race", name, $"{Times}"))];
        try
        {
            foreach (PeerProcess peer in peers)
            {
                await peer.SaysAsync("ready");
            }

            Array.ForEach(peers, static peer => peer.GoOn());
            foreach (PeerProcess peer in peers)
            {
                await peer.SaysAsync("done");
            }

            Array.ForEach(peers, static peer => peer.GoOn());
            foreach (PeerProcess peer in peers)
            {
                await peer.SaysAsync(string.Create(CultureInfo.InvariantCulture, $"{Processes * Times}"));
            }
        }
        finally
        {
            Array.ForEach(peers, static peer => peer.Dispose());
        }
    }
}
