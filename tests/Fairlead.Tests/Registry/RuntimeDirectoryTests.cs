using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

public sealed class RuntimeDirectoryTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly uint User = NativeProcess.UserId;

    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    /// <summary>As when a cleaner, or a script of the user, removes it with all that is in it.</summary>
    [Fact]
    public async Task A_folder_that_is_removed_while_it_is_prepared_is_prepared_again()
    {
        RuntimeDirectory directory = RuntimeDirectory.At(_temporary["fairlead"]);
        bool isEnough = false;
        Task removing = Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref isEnough))
                {
                    Remove(directory.Path);
                    Thread.SpinWait(2_000);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            for (int i = 0; i < 3_000; i++)
            {
                Assert.Equal(_temporary["fairlead/pipes"], directory.PrepareFolder("pipes"));
            }
        }
        finally
        {
            Volatile.Write(ref isEnough, true);
            await removing;
        }

        static void Remove(string path)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException)
            {
                // It is not there, or not empty any more.
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public void XDG_RUNTIME_DIR_takes_precedence(string ending)
    {
        Directory.CreateDirectory(_temporary[$"run/{User}"]);

        var directory = RuntimeDirectory.Locate(_temporary.Path + ending, User, _temporary["run"], _temporary["tmp"]);

        Assert.Equal(_temporary["fairlead"], directory.Path);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void The_directory_below_run_user_is_used_without_XDG_RUNTIME_DIR(string? variable)
    {
        Directory.CreateDirectory(_temporary[$"run/{User}"]);

        Assert.Equal(
            _temporary[$"run/{User}/fairlead"], RuntimeDirectory.Locate(variable, User, _temporary["run"], _temporary["tmp"]).Path);
    }

    [Fact]
    public void A_directory_below_tmp_is_used_without_any_runtime_directory() =>
        Assert.Equal(_temporary[$"tmp/fairlead-{User}"], RuntimeDirectory.Locate(null, User, _temporary["run"], _temporary["tmp"]).Path);

    [Fact]
    public void A_run_user_directory_of_another_owner_is_not_used()
    {
        Directory.CreateDirectory(_temporary[$"run/{User + 1}"]);

        Assert.Equal(
            _temporary[$"tmp/fairlead-{User + 1}"], RuntimeDirectory.Locate(null, User + 1, _temporary["run"], _temporary["tmp"]).Path);
    }

    [Fact]
    public void An_unusable_XDG_RUNTIME_DIR_is_an_error_that_names_it()
    {
        var relative = Assert.Throws<FairleadException>(() => RuntimeDirectory.Locate("run", User, "/run/user", "/tmp"));
        var missing = Assert.Throws<FairleadException>(() => RuntimeDirectory.Locate(_temporary["no"], User, "/run/user", "/tmp"));
        var foreign = Assert.Throws<FairleadException>(() => RuntimeDirectory.Locate(_temporary.Path, User + 1, "/run/user", "/tmp"));

        Assert.Equal("XDG_RUNTIME_DIR is 'run', which is not an absolute path. Set it to an absolute path, or unset it.", relative.Message);
        Assert.Equal(ErrorCode.Unavailable, missing.Code);
        Assert.Contains("which is not a directory", missing.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.PermissionDenied, foreign.Code);
        Assert.Contains($"belongs to uid {User}, while this process runs as uid {User + 1}", foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_inaccessible_directory_is_an_error_with_the_systems_reason()
    {
        // A link that leads to itself fails for every user, root included.
        File.CreateSymbolicLink(_temporary["loop"], "loop");
        string name = new('n', 300);

        var loop = Assert.Throws<FairleadException>(() => RuntimeDirectory.Locate(_temporary["loop"], User, "/run/user", "/tmp"));
        var inside = Assert.Throws<FairleadException>(() => RuntimeDirectory.At(_temporary["loop/fairlead"]).Exists());
        var longer = Assert.Throws<FairleadException>(() => RuntimeDirectory.Locate(_temporary[name], User, "/run/user", "/tmp"));

        Assert.Contains($"the directory {_temporary["loop"]} cannot be accessed (ELOOP: ", loop.Message, StringComparison.Ordinal);
        Assert.Contains("Check the permissions and links of its path", loop.Message, StringComparison.Ordinal);
        Assert.Equal((int)Errno.ELOOP, loop.Errno);
        Assert.Contains("cannot be accessed (ELOOP: ", inside.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be accessed (ENAMETOOLONG: ", longer.Message, StringComparison.Ordinal);
    }

    [OrdinaryUserFact]
    public void A_directory_above_which_this_user_may_not_search_is_permission_denied()
    {
        Directory.CreateDirectory(_temporary["closed/run"]);
        File.SetUnixFileMode(_temporary["closed"], UnixFileMode.None);
        var error = Record.Exception(() => RuntimeDirectory.Locate(_temporary["closed/run"], User, "/run/user", "/tmp"));
        File.SetUnixFileMode(_temporary["closed"], Private);

        Assert.Equal(ErrorCode.PermissionDenied, Assert.IsType<FairleadException>(error).Code);
    }

    [Theory]
    [InlineData(0b0_111_111_111, true)]
    [InlineData(0b0_111_000_010, true)]
    [InlineData(0b1_111_111_111, false)]
    [InlineData(0b0_111_101_101, false)]
    public void An_XDG_RUNTIME_DIR_that_every_user_can_write_is_refused(int mode, bool isRefused)
    {
        File.SetUnixFileMode(_temporary.Path, (UnixFileMode)mode);
        var error = Record.Exception(() => RuntimeDirectory.Locate(_temporary.Path, User, "/run/user", "/tmp"));
        File.SetUnixFileMode(_temporary.Path, Private);

        Assert.Equal(isRefused, error is FairleadException { Code: ErrorCode.PermissionDenied });
        Assert.Equal(isRefused, error is not null);
    }

    [Fact]
    public void The_runtime_directory_is_created_for_its_user_only()
    {
        var directory = RuntimeDirectory.At(_temporary["fairlead"]);
        Assert.False(directory.Exists());

        var path = directory.SocketPath("unix", "orders");

        Assert.Equal(_temporary["fairlead/unix/orders"], path);
        Assert.Equal(Private, File.GetUnixFileMode(_temporary["fairlead"]));
        Assert.Equal(Private, File.GetUnixFileMode(_temporary["fairlead/unix"]));
        Assert.True(directory.Exists());
        directory.Prepare();
    }

    [Fact]
    public void A_directory_open_to_others_is_refused_with_the_chmod_command()
    {
        Directory.CreateDirectory(_temporary["fairlead"], Private | UnixFileMode.GroupRead);

        var refused = AssertRefused(_temporary["fairlead"]);

        Assert.Contains("mode 0740", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($"chmod 700 {_temporary["fairlead"]}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_subfolder_open_to_others_is_refused_too()
    {
        Directory.CreateDirectory(_temporary["fairlead/unix"]);
        File.SetUnixFileMode(_temporary["fairlead"], Private);
        File.SetUnixFileMode(_temporary["fairlead/unix"], Private | UnixFileMode.OtherExecute);

        Assert.Equal(
            ErrorCode.PermissionDenied,
            Assert.Throws<FairleadException>(() => RuntimeDirectory.At(_temporary["fairlead"]).SocketPath("unix", "a")).Code);
    }

    [Fact]
    public void A_symbolic_link_is_refused_whatever_its_target()
    {
        Directory.CreateDirectory(_temporary["elsewhere"], Private);
        File.CreateSymbolicLink(_temporary["fairlead"], _temporary["elsewhere"]);
        File.CreateSymbolicLink(_temporary["dangling"], _temporary["nowhere"]);

        Assert.Contains("symbolic link", AssertRefused(_temporary["fairlead"]).Message, StringComparison.Ordinal);
        Assert.Contains("symbolic link", AssertRefused(_temporary["dangling"]).Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(_temporary["nowhere"]));
    }

    [Fact]
    public void A_file_is_refused_and_left_alone()
    {
        File.WriteAllText(_temporary["fairlead"], "mine");

        Assert.Contains("is not a directory", AssertRefused(_temporary["fairlead"]).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_temporary["fairlead"]));
    }

    [Fact]
    public void A_directory_of_another_user_is_refused()
    {
        // Root gives a directory away; any other user uses one of root's.
        var foreign = "/usr";
        if (User == 0)
        {
            foreign = _temporary["fairlead"];
            Directory.CreateDirectory(foreign, Private);
            _temporary.GiveAway("fairlead");
        }

        Assert.Contains("belongs to uid", AssertRefused(foreign).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_cannot_be_created_is_an_error_with_its_errno()
    {
        var refused = Assert.Throws<FairleadException>(() => RuntimeDirectory.At("/proc/fairlead").Prepare());

        Assert.NotNull(refused.Errno);
        Assert.Contains("/proc/fairlead cannot be created", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_addresses_have_paths()
    {
        var directory = RuntimeDirectory.At("/run/f");

        Assert.Equal("/run/f/unix/orders", directory.PathOf("unix://orders?wait=1s"));
        Assert.Equal("/tmp/orders", directory.PathOf("unix:///tmp/orders"));
        Assert.Null(directory.PathOf("unix://@orders"));
        Assert.Null(directory.PathOf("tcp://a:1"));
    }

    private static FairleadException AssertRefused(string path)
    {
        var refused = Assert.Throws<FairleadException>(() => RuntimeDirectory.At(path).Prepare());
        Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        Assert.Equal(ErrorCode.PermissionDenied, Assert.Throws<FairleadException>(() => RuntimeDirectory.At(path).Exists()).Code);
        return refused;
    }
}
