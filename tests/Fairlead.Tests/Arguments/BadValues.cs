using System.Reflection;
using Fairlead.Time;

namespace Fairlead.Tests.Arguments;

/// <summary>Unexpected values by the type of a parameter, and plain values for the parameters beside it.</summary>
internal static class BadValues
{
    private static readonly TimeSpan[] Times =
    [
        TimeSpan.MinValue,
        -1.Seconds(),
        TimeSpan.FromTicks(-1),
        TimeSpan.Zero,
        TimeSpan.FromTicks(1),
        TimeSpan.FromDays(50),
        TimeSpan.MaxValue,
        Timeout.InfiniteTimeSpan,
    ];

    private static readonly string[] Texts = ["", " ", "\n", "a\0b", "\u001b[31m", "..", "/", "\ud800", new('x', 5_000), new('x', 100_000)];

    /// <summary>Returns whether a parameter gets bad values.</summary>
    public static bool Has(ParameterInfo parameter) => Of(parameter.ParameterType).Length > 0;

    public static object?[] Of(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) switch
        {
            var time when time == typeof(TimeSpan) => [.. Times],
            var number when number == typeof(int) => [int.MinValue, -1, 0, int.MaxValue],
            var number when number == typeof(long) => [long.MinValue, -1L, 0L, long.MaxValue],
            var text when text == typeof(string) => [null, .. Texts],
            { IsEnum: true } kind => [Enum.ToObject(kind, 99)],
            var options when options == typeof(RequestOptions) =>
            [
                .. Times.Select(static time => (object)new RequestOptions { Timeout = time }),
            ],
            _ => [],
        };

    /// <summary>Finds a plain value for a parameter while another one is tested; false: no fitting value is known.</summary>
    public static bool TryPlain(ParameterInfo parameter, Dictionary<Type, object> known, out object? value)
    {
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        value = null;
        if (parameter.IsOut)
        {
            return true;
        }

        if (known.TryGetValue(type, out object? made))
        {
            value = made;
        }
        else if (type == typeof(ReadOnlySpan<byte>))
        {
            value = "plain"u8.ToArray();
        }
        else if (type == typeof(ReadOnlyMemory<byte>))
        {
            value = new ReadOnlyMemory<byte>("plain"u8.ToArray());
        }
        else if (type == typeof(System.Buffers.ReadOnlySequence<byte>))
        {
            value = new System.Buffers.ReadOnlySequence<byte>("plain"u8.ToArray());
        }
        else if (type == typeof(string))
        {
            value = "plain";
        }
        else if (parameter.HasDefaultValue)
        {
            value =
                parameter.DefaultValue
                ?? (type.IsValueType && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null);
            value = value is not null && type.IsEnum ? Enum.ToObject(type, value) : value;
        }
        else if (Nullable.GetUnderlyingType(type) is not null)
        {
            value = null;
        }
        else if (type == typeof(TimeSpan))
        {
            value = 1.Milliseconds();
        }
        else if (type == typeof(int) || type == typeof(long) || type == typeof(bool) || type.IsEnum)
        {
            value = type == typeof(int) ? 1 : type == typeof(long) ? 1L : Activator.CreateInstance(type);
        }
        else
        {
            return false;
        }

        return true;
    }
}
