using Fairlead.Diagnostics;

namespace Fairlead.Tests.Registry;

/// <summary>Directories for secrets.</summary>
public sealed class PrivateFolderTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_missing_folder_is_created_with_its_parents_and_mode_700()
    {
        FairleadDirectory.MakePrivate(_temporary["a/b/c/"]);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_temporary["a/b/c"]));

        // One that others may only read stays as it is.
        File.SetUnixFileMode(_temporary["a/b/c"], (UnixFileMode)0b111_101_101);
        FairleadDirectory.MakePrivate(_temporary["a/b/c"]);
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(_temporary["a/b/c"]));
    }

    /// <summary>As when a cleaner removes empty directories.</summary>
    [Fact]
    public async Task A_folder_that_is_removed_during_its_creation_is_created_again()
    {
        string path = _temporary["parent/child"];
        bool isEnough = false;
        Task removing = Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref isEnough))
                {
                    Remove(path);
                    Remove(_temporary["parent"]);
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
                FairleadDirectory.MakePrivate(path);
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
                Directory.Delete(path);
            }
            catch (IOException)
            {
                // It is not there, or not empty any more.
            }
        }
    }

    [RootFact]
    public void A_folder_of_another_user_is_refused()
    {
        Directory.CreateDirectory(_temporary["theirs"]);
        _temporary.GiveAway("theirs");
        FairleadException error = Assert.Throws<FairleadException>(() => FairleadDirectory.MakePrivate(_temporary["theirs"]));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("belongs to uid 65534", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_at_the_path_of_the_folder_is_refused()
    {
        File.WriteAllText(_temporary["file"], "mine");
        Assert.Equal(
            ErrorCode.PermissionDenied,
            Assert.Throws<FairleadException>(() => FairleadDirectory.MakePrivate(_temporary["file"])).Code);
        Assert.Equal("mine", File.ReadAllText(_temporary["file"]));
    }
}
