using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Fairlead.Conformance;

/// <summary>Prints the private state of a hanging object, for people: plain fields of an endpoint, its core and its links.</summary>
public static class StateDump
{
    private const int Deepest = 5;

    /// <summary>Returns the state of this object and its parts.</summary>
    public static string Of(object root)
    {
        ArgumentNullException.ThrowIfNull(root);
        StringBuilder text = new();
        Write(text, root, root.GetType().Name, 0, new HashSet<object>(ReferenceEqualityComparer.Instance));
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? value, string name, int depth, HashSet<object> seen)
    {
        text.Append(' ', 2 * depth).Append(name).Append(" = ");
        if (value is null || value.GetType().IsPrimitive || value.GetType().IsEnum || value is string or TimeSpan)
        {
            text.AppendLine(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null");
            return;
        }

        Type type = value.GetType();
        text.AppendLine(type.Name);
        bool isOurs = type.Namespace?.StartsWith("Fairlead", StringComparison.Ordinal) == true;
        if (depth >= Deepest || (!type.IsValueType && !seen.Add(value)))
        {
            return;
        }

        if (value is IDictionary dictionary)
        {
            value = dictionary.Values;
        }

        if (value is IEnumerable items and not Array { Length: > 64 })
        {
            int index = 0;
            foreach (object? item in items)
            {
                Write(text, item, $"[{index++}]", depth + 1, seen);
            }
        }
        else if (isOurs)
        {
            for (Type? level = type; level is not null && level != typeof(object); level = level.BaseType)
            {
                foreach (FieldInfo field in level.GetFields(
                    BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
                {
                    Write(text, field.GetValue(value), field.Name, depth + 1, seen);
                }
            }
        }
    }
}
