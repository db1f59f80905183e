using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Maps;

/// <summary>Named maps of memory, in one process.</summary>
[Collection(nameof(MapsAlone))]
public sealed class NamedMapTests
{
    private static int Page => Environment.SystemPageSize;

    [Fact]
    public void A_new_map_is_zeroed_and_has_whole_pages()
    {
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(PrivateRuntime.NewName(), 100);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        Assert.Equal(Page, view.Capacity);
        byte[] content = new byte[Page];
        view.ReadArray(0, content, 0, content.Length);
        Assert.All(content, static one => Assert.Equal(0, one));
    }

    [Fact]
    public void An_opener_sees_what_the_creator_wrote_and_its_size()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, 3 * Page);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        view.Write(Page, 42L);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name);
        using MemoryMappedViewAccessor otherView = other.CreateViewAccessor();
        Assert.Equal(3 * Page, otherView.Capacity);
        Assert.Equal(42L, otherView.ReadInt64(Page));
        otherView.Write(0, 7L);
        Assert.Equal(7L, view.ReadInt64(0));
    }

    [Fact]
    public void A_view_of_a_part_and_a_stream_work()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, 2 * Page);
        using (MemoryMappedViewStream stream = map.CreateViewStream())
        {
            stream.Position = Page + 8;
            stream.WriteByte(9);
        }

        using MemoryMappedViewAccessor part = map.CreateViewAccessor(Page, 16);
        Assert.Equal(16, part.Capacity);
        Assert.Equal(9, part.ReadByte(8));
        Assert.Throws<UnauthorizedAccessException>(() => map.CreateViewAccessor(Page, 2 * Page));
    }

    [Fact]
    public void A_map_ends_with_its_last_holder()
    {
        string name = PrivateRuntime.NewName();
        using (MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page))
        {
            using MemoryMappedViewAccessor view = map.CreateViewAccessor();
            view.Write(0, 1L);
        }

        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        using MemoryMappedFile next = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedViewAccessor nextView = next.CreateViewAccessor();
        Assert.Equal(0L, nextView.ReadInt64(0));
    }

    [Fact]
    public void A_view_keeps_the_map_alive()
    {
        string name = PrivateRuntime.NewName();
        MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        MemoryMappedViewAccessor view = map.CreateViewAccessor();
        map.Dispose();
        view.Write(0, 5L);
        using (MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name))
        using (MemoryMappedViewAccessor otherView = other.CreateViewAccessor())
        {
            Assert.Equal(5L, otherView.ReadInt64(0));
        }

        view.Dispose();
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
    }

    [Fact]
    public void CreateNew_of_an_existing_name_throws()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        IOException error = Assert.Throws<IOException>(() => NamedMemoryMaps.CreateNew(name, Page));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateOrOpen_of_an_existing_name_keeps_its_size()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateOrOpen(name, Page);
        using MemoryMappedFile larger = NamedMemoryMaps.CreateOrOpen(name, 100 * Page);
        using MemoryMappedViewAccessor view = larger.CreateViewAccessor();
        Assert.Equal(Page, view.Capacity);
        Assert.ThrowsAny<Exception>(() => larger.CreateViewAccessor(0, 2 * Page));
    }

    [Fact]
    public void Names_are_compared_by_character_and_may_contain_unusual_characters()
    {
        string name = PrivateRuntime.NewName();
        foreach (string odd in (string[])["a/b", "..", "ü€😀", "A", "a", "%41", ".lock"])
        {
            using MemoryMappedFile map = NamedMemoryMaps.CreateNew($"{name} {odd}", Page);
            using MemoryMappedFile other = NamedMemoryMaps.OpenExisting($"{name} {odd}");
        }

        using MemoryMappedFile upper = NamedMemoryMaps.CreateNew($"{name} X", Page);
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting($"{name} x"));
        using MemoryMappedFile local = NamedMemoryMaps.OpenExisting($@"Local\{name} X");
    }

    [Fact]
    public void A_name_of_260_characters_works_and_one_of_261_does_not()
    {
        string name = PrivateRuntime.NewName().PadRight(260, '€');
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name);
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateNew(name + "x", Page));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateNew(@"a\b", Page));
    }

    [Fact]
    public void A_global_name_differs_from_the_local_name()
    {
        string name = $"fl {Environment.ProcessId} {PrivateRuntime.NewName()}";
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew($@"Global\{name}", Page);
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.OpenExisting(name));
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting($@"Global\{name}");
    }

    [Fact]
    public void Arguments_are_checked_as_the_platform_documents()
    {
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateNew("", Page));
        Assert.Throws<ArgumentNullException>(() => NamedMemoryMaps.CreateOrOpen(null!, Page));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateOrOpen("", Page));
        Assert.Throws<ArgumentNullException>(() => NamedMemoryMaps.OpenExisting(null!));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.OpenExisting(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateNew("x", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateNew("x", -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateOrOpen("x", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateNew("x", 1, (MemoryMappedFileAccess)9));
        Assert.Throws<ArgumentException>(() => NamedMemoryMaps.CreateNew("x", 1, MemoryMappedFileAccess.Write));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.OpenExisting("x", (MemoryMappedFileRights)(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateNew(
            "x", 1, MemoryMappedFileAccess.ReadWrite, (MemoryMappedFileOptions)1, HandleInheritability.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMemoryMaps.CreateNew(
            "x", 1, MemoryMappedFileAccess.ReadWrite, MemoryMappedFileOptions.None, (HandleInheritability)9));
        Assert.ThrowsAny<IOException>(() => NamedMemoryMaps.CreateNew("x", long.MaxValue));
    }

    [Fact]
    public void A_map_without_a_name_belongs_to_the_platform()
    {
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(null, 100);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        view.Write(0, 3);
        Assert.Equal(3, view.ReadInt32(0));
    }

    [Theory]
    [InlineData(MemoryMappedFileOptions.None)]
    [InlineData(MemoryMappedFileOptions.DelayAllocatePages)]
    public void A_map_larger_than_the_free_space_is_an_error_at_its_creation(MemoryMappedFileOptions options)
    {
        string name = PrivateRuntime.NewName();
        Assert.ThrowsAny<IOException>(() => NamedMemoryMaps.CreateNew(
            name, 1L << 50, MemoryMappedFileAccess.ReadWrite, options, HandleInheritability.None));
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
    }

    [Fact]
    public void Delayed_pages_occupy_no_space()
    {
        string name = PrivateRuntime.NewName();
        string folder = $"{PrivateRuntime.Folder}/handles";
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(
            name, 64 << 20, MemoryMappedFileAccess.ReadWrite, MemoryMappedFileOptions.DelayAllocatePages, HandleInheritability.Inheritable);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        Assert.Equal(64 << 20, view.Capacity);
        view.Write((64 << 20) - 8, 1L);
        Assert.NotEmpty(Directory.GetFiles(folder));
    }

    [Fact]
    public void A_map_for_reading_only_cannot_be_opened_for_writing()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page, MemoryMappedFileAccess.Read);
        Assert.Throws<UnauthorizedAccessException>(() => map.CreateViewAccessor());
        using MemoryMappedViewAccessor view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        Assert.False(view.CanWrite);
        Assert.Throws<UnauthorizedAccessException>(() => NamedMemoryMaps.OpenExisting(name));
        Assert.Throws<UnauthorizedAccessException>(() => NamedMemoryMaps.CreateOrOpen(name, Page));
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name, MemoryMappedFileRights.Read);
        using MemoryMappedViewAccessor otherView = other.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        Assert.Equal(0, otherView.ReadInt32(0));
    }

    [Fact]
    public void An_opener_for_reading_cannot_write()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name, MemoryMappedFileRights.Read);
        Assert.Throws<UnauthorizedAccessException>(() => other.CreateViewAccessor());
        using MemoryMappedViewAccessor view = other.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        Assert.False(view.CanWrite);
    }

    [Fact]
    public void Writes_to_a_copy_on_write_view_are_invisible_to_others()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        view.Write(0, 1L);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(name, MemoryMappedFileRights.CopyOnWrite);
        using MemoryMappedViewAccessor copy = other.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite);
        Assert.Equal(1L, copy.ReadInt64(0));
        copy.Write(0, 2L);
        Assert.Equal(2L, copy.ReadInt64(0));
        Assert.Equal(1L, view.ReadInt64(0));
    }

    [Fact]
    public void CreateOrOpen_for_writing_only_opens_and_never_creates()
    {
        string name = PrivateRuntime.NewName();
        Assert.Throws<FileNotFoundException>(() => NamedMemoryMaps.CreateOrOpen(name, Page, MemoryMappedFileAccess.Write));
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedFile other = NamedMemoryMaps.CreateOrOpen(name, Page, MemoryMappedFileAccess.Write);
        using MemoryMappedViewAccessor view = other.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Write);
        view.Write(0, 1L);
    }

    [Fact]
    public void All_rights_open_a_map_for_reading_and_writing()
    {
        string name = PrivateRuntime.NewName();
        using MemoryMappedFile map = NamedMemoryMaps.CreateNew(name, Page);
        using MemoryMappedFile other = NamedMemoryMaps.OpenExisting(
            name, MemoryMappedFileRights.FullControl, HandleInheritability.Inheritable);
        using MemoryMappedViewAccessor view = other.CreateViewAccessor();
        view.Write(0, 1L);
    }

    [Fact]
    public async Task Threads_that_create_or_open_together_get_one_map()
    {
        for (int round = 0; round < 20; round++)
        {
            string name = PrivateRuntime.NewName();
            MemoryMappedFile[] maps = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(_ => Task.Run(() => NamedMemoryMaps.CreateOrOpen(name, Page))));
            using (MemoryMappedViewAccessor view = maps[0].CreateViewAccessor())
            {
                view.Write(0, 11L);
            }

            foreach (MemoryMappedFile map in maps)
            {
                using MemoryMappedViewAccessor view = map.CreateViewAccessor();
                Assert.Equal(11L, view.ReadInt64(0));
                map.Dispose();
            }
        }
    }
}
