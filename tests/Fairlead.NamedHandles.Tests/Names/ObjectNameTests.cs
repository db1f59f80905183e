using Fairlead.NamedHandles.Names;

namespace Fairlead.NamedHandles.Tests.Names;

public sealed class ObjectNameTests
{
    [Theory]
    [InlineData("job", "job")]
    [InlineData(@"Local\job", "job")]
    [InlineData("Job name", "Job%20name")]
    [InlineData("a-b_c.d/é", "a-b_c%2ed%2f%c3%a9")]
    public void A_name_without_prefix_or_with_Local_belongs_to_the_user(string name, string file)
    {
        ObjectName parsed = ObjectName.Parse(name);

        Assert.Equal(ObjectScope.User, parsed.Scope);
        Assert.Equal(file, parsed.FileName());
    }

    [Fact]
    public void Global_belongs_to_the_machine()
    {
        ObjectName parsed = ObjectName.Parse(@"Global\job");

        Assert.Equal(new ObjectName(ObjectScope.Machine, "job"), parsed);
        Assert.Equal(@"Global\job", parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(@"Global\")]
    [InlineData(@"Local\")]
    [InlineData(@"a\b")]
    [InlineData(@"global\job")]
    [InlineData(@"Global\a\b")]
    [InlineData("a\0b")]
    public void A_name_that_is_not_valid_is_refused(string name) => Assert.Throws<ArgumentException>(() => ObjectName.Parse(name));

    [Fact]
    public void A_name_of_260_characters_is_valid_and_one_more_is_not()
    {
        _ = ObjectName.Parse(new string('x', 260));

        Assert.Throws<ArgumentException>(static () => ObjectName.Parse(new string('x', 261)));
    }

    [Fact]
    public void Two_names_have_two_files_of_a_length_that_a_file_system_accepts()
    {
        string[] names =
        [
            "job", "Job", "j%6fb", "a b", "a%20b", new string('x', 250), new string('x', 249) + "y", new string('é', 260),
            new string('é', 259) + "e",
        ];
        string[] files = [.. names.Select(static name => ObjectName.Parse(name).FileName())];

        Assert.Equal(names.Length, files.Distinct().Count());
        Assert.All(files, static file => Assert.InRange(file.Length + ".semaphore".Length, 1, 255));
    }
}
