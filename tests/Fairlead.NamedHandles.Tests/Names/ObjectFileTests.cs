using Fairlead.NamedHandles.Names;
using Fairlead.NamedHandles.Tests.Places;
using Fairlead.NamedHandles.Tests.Threading;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.NamedHandles.Tests.Names;

[SlowRun]
public sealed class ObjectFileTests
{
    private const int Size = 5000;

    private readonly ObjectName _name = ObjectName.Parse(Waiters.Name());

    [Fact]
    public void An_object_exists_until_its_last_user_closes_it()
    {
        ObjectFile first = Open(ObjectOutcome.Created)!;
        ObjectFile second = Open(ObjectOutcome.Opened)!;
        Assert.Equal(first.Path, second.Path);
        Assert.Equal(Size, NativeFile.Fstat(second.File)!.Size);

        first.Dispose();
        Assert.True(File.Exists(second.Path));
        Open(ObjectOutcome.Opened)!.Dispose();

        second.Dispose();
        Assert.False(File.Exists(second.Path));
        Assert.Null(Open(ObjectOutcome.NotFound, ObjectWish.OpenExisting));
        Open(ObjectOutcome.Created)!.Dispose();
    }

    [Fact]
    public void A_new_object_is_refused_while_the_name_is_taken()
    {
        using ObjectFile file = Open(ObjectOutcome.Created, ObjectWish.CreateNew)!;

        Assert.Null(Open(ObjectOutcome.AlreadyExists, ObjectWish.CreateNew));
        Assert.Null(Open(ObjectOutcome.OtherKind, ObjectWish.OpenOrCreate, ObjectKind.Event));
        Assert.Null(Open(ObjectOutcome.OtherKind, ObjectWish.OpenExisting, ObjectKind.Semaphore));
    }

    [Fact]
    public void A_new_object_does_not_show_the_content_of_a_dead_object()
    {
        string path;
        using (ObjectFile file = Open(ObjectOutcome.Created)!)
        {
            path = file.Path;
        }

        File.WriteAllBytes(path, new byte[Size + 1].Select(static _ => (byte)1).ToArray());
        using ObjectFile next = Open(ObjectOutcome.Created)!;

        Assert.Equal(new byte[Size], File.ReadAllBytes(path));
    }

    [Fact]
    public void The_content_is_complete_before_another_process_opens_the_object()
    {
        ObjectOutcome outcome = ObjectFile.Open(
            _name,
            ObjectKind.Map,
            ObjectWish.OpenOrCreate,
            Size,
            isPrivate: false,
            file => _ = file.File.WriteAt([42], 0),
            out ObjectFile? made);
        using (made)
        {
            Assert.Equal(ObjectOutcome.Created, outcome);
            Assert.Equal(42, File.ReadAllBytes(made!.Path)[0]);
        }
    }

    [Fact]
    public void An_object_whose_content_cannot_be_made_does_not_exist()
    {
        string? path = null;
        Assert.Throws<InvalidOperationException>(() => ObjectFile.Open(
            _name,
            ObjectKind.Map,
            ObjectWish.OpenOrCreate,
            Size,
            isPrivate: false,
            file =>
            {
                path = file.Path;
                throw new InvalidOperationException();
            },
            out _));

        Assert.False(File.Exists(path));
        Open(ObjectOutcome.Created)!.Dispose();
    }

    [Fact]
    public void TryEnd_ends_an_object_only_if_no_other_user_has_it_open()
    {
        ObjectFile first = Open(ObjectOutcome.Created)!;
        ObjectFile second = Open(ObjectOutcome.Opened)!;
        Assert.False(first.TryEnd());
        Assert.False(second.TryEnd());

        first.Dispose();
        Assert.True(second.TryEnd());
        using ObjectFile next = Open(ObjectOutcome.Created)!;
        second.Dispose();

        Assert.True(File.Exists(next.Path));
    }

    [Fact]
    public void Opening_objects_removes_files_of_dead_processes()
    {
        string directory;
        using (ObjectFile file = Open(ObjectOutcome.Created)!)
        {
            directory = Path.GetDirectoryName(file.Path)!;
        }

        string[] dead = [.. Enumerable.Range(0, 100).Select(i => $"{directory}/dead-{Waiters.Name()}-{i}.map")];
        Array.ForEach(dead, static path => File.WriteAllBytes(path, new byte[1]));
        for (int i = 0; i < 200 && dead.Any(File.Exists); i++)
        {
            _ = ObjectFile.Open(
                ObjectName.Parse(Waiters.Name()),
                ObjectKind.Map,
                ObjectWish.CreateNew,
                1,
                isPrivate: false,
                begin: null,
                out ObjectFile? file);
            file!.Dispose();
        }

        Assert.DoesNotContain(dead, File.Exists);
    }

    [Fact]
    public void An_object_that_does_not_fit_the_free_space_is_not_created()
    {
        FairleadException e = Assert.Throws<FairleadException>(() => ObjectFile.Open(
            _name, ObjectKind.Map, ObjectWish.OpenOrCreate, long.MaxValue / 2, isPrivate: false, begin: null, out _));

        Assert.Contains(e.Code, new[] { ErrorCode.Full, ErrorCode.TooLarge });
        Assert.Null(Open(ObjectOutcome.NotFound, ObjectWish.OpenExisting));
    }

    [Theory]
    [InlineData("")]
    [InlineData(@"Global\")]
    public async Task A_killed_process_ends_its_objects(string prefix)
    {
        string name = prefix + Waiters.Name() + (prefix.Length > 0 ? Environment.ProcessId : "");
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "open", "semaphore", name);
        await peer.TellAsync("open");
        await peer.SaysAsync("created");
        Assert.True(Semaphore.TryOpenExisting(name, out Semaphore? found));
        found.Dispose();

        peer.Kill();

        Assert.False(Semaphore.TryOpenExisting(name, out _));
        using Semaphore next = new(1, 1, name, out bool createdNew);
        Assert.True(createdNew);
    }

    [Fact]
    public async Task One_of_eight_processes_creates_the_object()
    {
        const int Processes = 8;
        List<PeerProcess> peers = [];
        try
        {
            for (int i = 0; i < Processes; i++)
            {
                peers.Add(PeerProcess.Start("open", "mutex", _name.ToString()));
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.SaysAsync("ready");
            }

            await Task.WhenAll(peers.Select(static peer => peer.TellAsync("open")));
            string[] said = await Task.WhenAll(peers.Select(static peer => peer.LineAsync()));

            Assert.Equal(Processes - 1, said.Count(static line => line == "opened"));
            Assert.Single(said, static line => line == "created");
            await Task.WhenAll(peers.Select(static peer => peer.EndAsync()));
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }

        Assert.Null(Open(ObjectOutcome.NotFound, ObjectWish.OpenExisting));
    }

    private ObjectFile? Open(ObjectOutcome expected, ObjectWish wish = ObjectWish.OpenOrCreate, ObjectKind kind = ObjectKind.Mutex)
    {
        ObjectOutcome outcome = ObjectFile.Open(_name, kind, wish, Size, isPrivate: false, begin: null, out ObjectFile? file);
        Assert.Equal(expected, outcome);
        return file;
    }
}
