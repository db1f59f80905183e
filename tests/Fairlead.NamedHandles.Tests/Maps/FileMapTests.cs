using System.Globalization;
using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Tests.Places;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Tests.Maps;

/// <summary>Named maps of files.</summary>
[Collection(nameof(MapsAlone))]
public sealed class FileMapTests
{
    private static int Page => Environment.SystemPageSize;

    [Fact]
    public async Task Another_process_maps_the_same_file_by_its_name()
    {
        string name = PrivateRuntime.NewName();
        string path = NewFile(Page, 5);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            view.Write(0, 99L);
            using PeerProcess peer = PeerProcess.Start("map-open", name);
            await peer.SaysAsync(string.Create(CultureInfo.InvariantCulture, $"{Page} 99"));
            await peer.EndAsync();
        }

        Assert.Equal(99, File.ReadAllBytes(path)[0]);
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
    }

    [Fact]
    public async Task The_map_of_another_process_exists_until_that_process_closes_it()
    {
        string name = PrivateRuntime.NewName();
        string path = NewFile(Page, 5);
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "map-file", path, name);
        using (MemoryMappedFile map = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            Assert.Equal(5, view.ReadByte(0));
        }

        Assert.Throws<IOException>(() => NamedMemoryMaps.CreateNew(name, Page));
        Assert.Throws<IOException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name));
        using (MemoryMappedFile map = NamedMemoryMaps.CreateOrOpen(name, Page))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            Assert.Equal(5, view.ReadByte(0));
        }

        // It still runs: only the map is over.
        peer.GoOn();
        await peer.SaysAsync("closed");
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        using (MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page))
        {
        }

        await peer.EndAsync();
    }

    [Fact]
    public async Task The_map_of_a_killed_process_no_longer_exists()
    {
        string name = PrivateRuntime.NewName();
        string path = NewFile(Page, 5);
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "map-file", path, name);
        await peer.KillAsync();
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        using MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closed_maps_leave_no_descriptor(bool isFile)
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = isFile
            ? NamedMemoryMaps.CreateFromFile(NewFile(Page, 5), FileMode.Open, name)
            : NamedMemoryMaps.CreateNew(name, Page);
        using PeerProcess peer = PeerProcess.Start("map-many", name, "100");
        string[] counts = (await peer.LineAsync()).Split(' ');
        int before = int.Parse(counts[0], CultureInfo.InvariantCulture);
        Assert.InRange(int.Parse(counts[1], CultureInfo.InvariantCulture), 0, before + 10);
        await peer.EndAsync();
    }

    [Fact]
    public void A_view_keeps_the_name_alive()
    {
        string name = PrivateRuntime.NewName();
        MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(NewFile(Page, 5), FileMode.Open, name);
        MemoryMappedViewAccessor view = map.CreateViewAccessor();
        map.Dispose();
        using (MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name))
        {
        }

        view.Dispose();
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
    }

    [Fact]
    public void Opening_a_map_whose_file_was_replaced_is_an_error_with_its_path()
    {
        string name = PrivateRuntime.NewName();
        string path = NewFile(Page, 5);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name))
        {
            File.Move(NewFile(Page, 6), path, overwrite: true);
            IOException error = Assert.Throws<IOException>(() => NamedMemoryMaps.OpenExisting(name));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Throws<IOException>(() => NamedMemoryMaps.CreateNew(name, Page));
        }
    }

    [Fact]
    public void The_file_is_extended_to_the_capacity()
    {
        string path = NewFile(10, 5);
        using MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, PrivateRuntime.NewName(), 3 * Page);
        Assert.Equal(3 * Page, new FileInfo(path).Length);
    }

    [Fact]
    public void A_file_created_for_a_map_that_fails_is_removed()
    {
        string path = $"{PrivateRuntime.Files}/{PrivateRuntime.NewName()}";
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Create, PrivateRuntime.NewName()));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_file_for_reading_only_is_opened_for_reading_only()
    {
        string name = PrivateRuntime.NewName();
        string path = NewFile(Page, 5);
        using MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name, 0, MemoryMappedFileAccess.Read);
        Assert.Throws<UnauthorizedAccessException>(() => NamedMemoryMaps.OpenExisting(name));
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name, MemoryMappedFileRights.Read);
        using MemoryMappedViewAccessor view = other.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        Assert.Equal(5, view.ReadByte(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_can_be_mapped(bool leaveOpen)
    {
        string name = PrivateRuntime.NewName();
        using FileStream file = new(NewFile(Page, 5), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(
            file, name, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen))
        using (MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor view = other.CreateViewAccessor())
        {
            Assert.Equal(5, view.ReadByte(0));
        }

        Assert.Equal(leaveOpen, file.CanRead);
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_handle_can_be_mapped(bool leaveOpen)
    {
        string name = PrivateRuntime.NewName();
        using SafeFileHandle file = File.OpenHandle(NewFile(Page, 5), FileMode.Open, FileAccess.ReadWrite);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(
            file, name, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen))
        using (MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor view = other.CreateViewAccessor())
        {
            Assert.Equal(5, view.ReadByte(0));
        }

        Assert.Equal(leaveOpen, !file.IsClosed);
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
    }

    [Fact]
    public void A_file_without_a_map_name_is_mapped_by_the_platform()
    {
        string path = NewFile(Page, 5);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(path, FileMode.Open, null))
        {
        }

        using FileStream file = new(path, FileMode.Open);
        using (MemoryMappedFile map = NamedMemoryMaps.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true))
        {
        }

        using MemoryMappedFile byHandle = NamedMemoryMaps.CreateFromFile(
            file.SafeFileHandle, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
    }

    [Fact]
    public void Arguments_are_checked_as_the_platform_documents()
    {
        string path = NewFile(Page, 5);
        string name = PrivateRuntime.NewName();
        Assert.Throws<ArgumentNullException>(() => NamedMemoryMaps.CreateFromFile((string)null!, FileMode.Open, name));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Open, ""));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Append, name));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name, 1));
        Assert.Throws<ArgumentException>(
            () => NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name, 0, MemoryMappedFileAccess.Write));
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.CreateFromFile(path + "x", FileMode.Open, name));
        Assert.True(File.Exists(path));
    }

    private static string NewFile(int size, byte first)
    {
        string path = $"{PrivateRuntime.Files}/{PrivateRuntime.NewName()}";
        byte[] content = new byte[size];
        content[0] = first;
        File.WriteAllBytes(path, content);
        return path;
    }
}
